/**
 * Asks again until `look` finds something.
 *
 * @param what names the missing thing; asked for at the end, where it is a function.
 */
export async function until<T>(
  look: () => Promise<T | undefined>,
  what: string | (() => string),
  withinMs = 30_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const missing = typeof what === "string" ? what : what();
  throw new Error(`${missing}: not within ${withinMs / 1000} s`);
}

/** Asks again until `holds` says yes. */
export async function untilTrue(
  holds: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  await until(async () => (await holds()) || undefined, what);
}
