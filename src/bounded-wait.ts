/**
 * Waits for `work` to settle, for at most `limitMs`. Rejects if `work` rejects
 * within the limit. The timer is unref'd: work that never ends must not keep the
 * process running. The wait ends one turn of the event loop after it: after the loop was
 * blocked, timers run before sockets and files are read, and what has arrived is in time.
 */
export async function waitAtMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => setImmediate(resolve), limitMs).unref();
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
