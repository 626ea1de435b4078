/** `next build` is no app, nor a start of one. */
const next = /[\\/](?:\.bin|next[\\/]dist[\\/]bin)[\\/]next$/;

/** Many at once, each for a part of a build (Next's) or of a run of tests (Jest's). */
const workers = /[\\/]jest-worker[\\/](?:\w+[\\/])*processChild\.js$/;

/** @param argv `process.argv` */
export function isBuildPart([, script, command]: readonly string[]): boolean {
  if (script === undefined) return false;
  return workers.test(script) || (next.test(script) && command === "build");
}
