/** Next's command line: `next build` neither is nor starts an app. */
const NEXT_COMMAND = /[\\/](?:\.bin|next[\\/]dist[\\/]bin)[\\/]next$/;

/** Worker processes of a build (Next) or of a test run (Jest). */
const JEST_WORKER = /[\\/]jest-worker[\\/](?:\w+[\\/])*processChild\.js$/;

/** @param argv `process.argv` */
export function isBuildProcess([, script, command]: readonly string[]): boolean {
  if (script === undefined) return false;
  return JEST_WORKER.test(script) || (NEXT_COMMAND.test(script) && command === "build");
}
