export interface Deadline {
  readonly isExpired: boolean;
}

/**
 * Runs work until it is done or the time is over. The timer keeps the process
 * alive, since a caller awaits this: a top-level `await` that nothing keeps alive
 * ends the process with exit code 13.
 *
 * @param work must not reject. It is not stopped, but can read that its time is over.
 */
export async function runWithDeadline(
  ms: number,
  work: (deadline: Deadline) => Promise<void>,
): Promise<void> {
  const deadline = { isExpired: false };
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms));
  });
  await Promise.race([expiry, work(deadline)]);
  clearTimeout(timer);
  deadline.isExpired = true;
}
