/** Takes back one step of a patch. */
type Undo = () => void;

let steps: Undo[] | undefined;

/**
 * Does `work`; if it throws, takes back whatever it has told `onFailure`, the
 * last first, and throws on.
 *
 * @throws what `work` throws
 */
export function doOrUndo<Result>(work: () => Result): Result {
  const outer = steps;
  const own: Undo[] = [];
  steps = own;
  try {
    return work();
  } catch (error) {
    takeBack(own);
    throw error;
  } finally {
    steps = outer;
  }
}

/** Tells the patch that is just being made how to take a step of it back. */
export function onFailure(undo: Undo): void {
  steps?.push(undo);
}

/** What can't be taken back stays; the rest is taken back nevertheless. */
function takeBack(done: readonly Undo[]): void {
  for (const undo of done.toReversed()) {
    try {
      undo();
    } catch {
      // The line about the patch that failed is said already.
    }
  }
}
