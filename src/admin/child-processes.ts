/** Programs that may run Node: Node itself, package managers and shells. */
const NODE_LAUNCHERS =
  /^(?:node|nodejs|npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack|sh|bash|dash|ash|zsh|fish|cmd|powershell|pwsh|env)$/i;

/**
 * Whether a child process may be, or start, a Node process with the preload.
 *
 * @param file the executable: `ChildProcess.spawnfile`.
 */
export function mayRunNode(file: string | null | undefined): boolean {
  if (typeof file !== "string") return false;
  if (file === process.execPath || /[\\/]node_modules[\\/]/.test(file)) return true;
  const name = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
  return NODE_LAUNCHERS.test(name.replace(/\.(?:exe|cmd|bat)$/i, ""));
}

/** The properties of `ChildProcess` that are read here. */
export interface ChildProcessInfo {
  readonly spawnfile?: string | null;
  readonly pid?: number;
  readonly exitCode?: number | null;
  readonly signalCode?: string | null;
  /** Whether it has an open IPC channel. */
  readonly connected?: boolean;
}

export function hasEnded({ pid, exitCode, signalCode }: ChildProcessInfo): boolean {
  return pid === undefined || typeof exitCode === "number" || typeof signalCode === "string";
}

export function isClusterPrimary(): boolean {
  const { workers } = process.getBuiltinModule("node:cluster");
  return workers !== undefined && Object.keys(workers).length > 0;
}
