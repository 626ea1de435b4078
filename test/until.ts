/**
 * How long is waited for what must come, in milliseconds. What is there is found
 * at once, so this bounds failures only: above what a busy machine ever takes.
 */
export const WAIT_TIMEOUT_MS = 120_000;

/**
 * Asks again until `look` finds something.
 *
 * @param what names the missing thing; asked for at the end, where it is a function.
 */
export async function pollUntil<T>(
  find: () => Promise<T | undefined>,
  what: string | (() => string),
  withinMs: number = WAIT_TIMEOUT_MS,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    // A busy machine may come back to us after the end: look once more then.
    const isLast = performance.now() >= end;
    const found = await find();
    if (found !== undefined) return found;
    if (isLast) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const missing = typeof what === "string" ? what : what();
  throw new Error(`${missing}: not within ${withinMs / 1000} s`);
}

/** Asks again until `holds` says yes. */
export async function pollUntilTrue(
  isTrue: () => boolean | Promise<boolean>,
  what: string | (() => string),
): Promise<void> {
  await pollUntil(async () => (await isTrue()) || undefined, what);
}
