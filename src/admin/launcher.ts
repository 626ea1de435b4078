/**
 * What runs Node, directly or not: Node itself, the package managers, shells, and
 * the programs that packages bring.
 */
const runners =
  /^(?:node|nodejs|npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack|sh|bash|dash|ash|zsh|fish|cmd|powershell|pwsh|env)$/i;

/**
 * Whether a child process may be, or start, a Node that has our preload as well.
 *
 * @param file what is executed, as `ChildProcess.spawnfile` has it.
 */
export function mayRunNode(file: string | null | undefined): boolean {
  if (typeof file !== "string") return false;
  if (file === process.execPath || /[\\/]node_modules[\\/]/.test(file)) return true;
  const name = /[^\\/]+$/.exec(file)?.[0] ?? "";
  return runners.test(name.replace(/\.(?:exe|cmd|bat)$/i, ""));
}

/** `next build` is no app, nor a start of one. */
const next = /[\\/](?:\.bin|next[\\/]dist[\\/]bin)[\\/]next$/;

/** Many at once, each for a part of a build (Next's) or of a run of tests (Jest's). */
const workers = /[\\/]jest-worker[\\/](?:\w+[\\/])*processChild\.js$/;

/** @param argv `process.argv` */
export function isBuildPart([, script, command]: readonly string[]): boolean {
  if (script === undefined) return false;
  return workers.test(script) || (next.test(script) && command === "build");
}
