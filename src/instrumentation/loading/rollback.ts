/** Takes back one step of a patch. */
type RollbackStep = () => void;

let rollbackSteps: RollbackStep[] | undefined;

/**
 * Does `work`; if it throws, takes back whatever it has told `onFailure`, the
 * last first, and throws on.
 *
 * @throws what `work` throws
 */
export function patchOrRollback<Result>(patch: () => Result): Result {
  const outer = rollbackSteps;
  const ownSteps: RollbackStep[] = [];
  rollbackSteps = ownSteps;
  try {
    return patch();
  } catch (error) {
    rollback(ownSteps);
    throw error;
  } finally {
    rollbackSteps = outer;
  }
}

/** Tells the patch that is just being made how to take a step of it back. */
export function onRollback(step: RollbackStep): void {
  rollbackSteps?.push(step);
}

/** What can't be taken back stays; the rest is taken back nevertheless. */
function rollback(doneSteps: readonly RollbackStep[]): void {
  for (const step of doneSteps.toReversed()) {
    try {
      step();
    } catch {
      // The line about the patch that failed is said already.
    }
  }
}
