/**
 * Whether node-cron reports in this line that it has missed an execution, as it does on a busy
 * machine, with and without the preload.
 */
export function isMissedExecution(line: string): boolean {
  return line.includes("missed execution at ");
}
