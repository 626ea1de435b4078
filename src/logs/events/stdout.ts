/** Lines that stdout has not taken yet. */
let pending = 0;

/**
 * Writes a line to stdout. An error of it (`EPIPE`, if its reader has ended) is
 * ignored, which would otherwise end the process; one of the app's own output is not.
 * The number of pending lines is a module variable, since the process has one stdout.
 */
export function writeLineToStdout(line: string): void {
  try {
    const { stdout } = process;
    if (pending++ === 0) stdout.on("error", ignoreError);
    stdout.write(`${line}\n`, onWritten);
  } catch {
    // Stdout is closed, or replaced by an object of the app that throws.
    pending--;
  }
}

function onWritten(error?: Error | null): void {
  if (error === undefined || error === null) release();
  // The event follows in a later tick.
  else setImmediate(release);
}

function release(): void {
  if (--pending === 0) process.stdout.off("error", ignoreError);
}

function ignoreError(): void {}
