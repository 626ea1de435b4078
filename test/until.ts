/**
 * Time limit of all waits, in milliseconds. It only delays failures, since a condition
 * that holds is found at once. Longer than anything takes on a busy host.
 */
export const WAIT_TIMEOUT_MS = 120_000;

/**
 * Polls until `find` returns a value.
 *
 * @param what name of the missing thing for the error; a function is called at the end
 */
export async function pollUntil<T>(
  find: () => Promise<T | undefined>,
  what: string | (() => string),
  withinMs: number = WAIT_TIMEOUT_MS,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    // A busy host may resume after the time limit: poll once more.
    const isLast = performance.now() >= end;
    const found = await find();
    if (found !== undefined) return found;
    if (isLast) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const missing = typeof what === "string" ? what : what();
  throw new Error(`${missing}: not within ${withinMs / 1000} s`);
}

/** Polls until `isTrue` returns true. */
export async function pollUntilTrue(
  isTrue: () => boolean | Promise<boolean>,
  what: string | (() => string),
): Promise<void> {
  await pollUntil(async () => (await isTrue()) || undefined, what);
}
