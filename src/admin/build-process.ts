/** `next build` is no app, nor a start of one. */
const NEXT_COMMAND = /[\\/](?:\.bin|next[\\/]dist[\\/]bin)[\\/]next$/;

/** Many at once, each for a part of a build (Next's) or of a run of tests (Jest's). */
const JEST_WORKER = /[\\/]jest-worker[\\/](?:\w+[\\/])*processChild\.js$/;

/** @param argv `process.argv` */
export function isBuildProcess([, script, command]: readonly string[]): boolean {
  if (script === undefined) return false;
  return JEST_WORKER.test(script) || (NEXT_COMMAND.test(script) && command === "build");
}
