import { CurrentValue } from "./current-value.ts";

/** Reverts one step of a patch. */
type RollbackStep = () => void;

const currentSteps = new CurrentValue<RollbackStep[] | undefined>(undefined);

/**
 * Runs `patch`. If it throws, runs the steps that it registered with `onRollback`,
 * last first, and rethrows.
 *
 * @throws the error of `patch`
 */
export function patchOrRollback<Result>(patch: () => Result): Result {
  const steps: RollbackStep[] = [];
  try {
    return currentSteps.run(steps, patch);
  } catch (error) {
    rollback(steps);
    throw error;
  }
}

/** Registers how to revert a step of the running patch. */
export function onRollback(step: RollbackStep): void {
  currentSteps.get()?.push(step);
}

/** Runs all steps, also after one of them has thrown. */
function rollback(steps: readonly RollbackStep[]): void {
  for (const step of steps.toReversed()) {
    try {
      step();
    } catch {
      // The failed patch itself is reported already.
    }
  }
}
