/**
 * Waits for `work` to settle, for at most `limitMs`. Rejects if `work` rejects
 * within the limit. The timer is unref'd: work that never ends must not keep the
 * process running.
 */
export async function waitAtMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs).unref();
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
