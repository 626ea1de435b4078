import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The commit of a work tree. */
export interface Commit {
  /** 40 hexadecimal digits. */
  readonly id: string;
  readonly branch: string | undefined;
  /** Whether files differ from it. */
  readonly isChanged: boolean;
}

/** Returns the commit of a folder; undefined without Git, or without a commit. */
export async function commitOf(folder: string): Promise<Commit | undefined> {
  const id = await commitIdOf(folder, "HEAD");
  if (id === undefined) return undefined;
  const branch = await git(folder, ["rev-parse", "--abbrev-ref", "HEAD"]);
  const changes = await git(folder, ["status", "--porcelain", "--untracked-files=no"]);
  return { id, branch: branch === "HEAD" ? undefined : branch, isChanged: changes !== "" };
}

/** Returns the id of the commit that a name means, such as a branch or a short id. */
export async function commitIdOf(folder: string, name: string): Promise<string | undefined> {
  const id = await git(folder, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${name}^{commit}`,
  ]);
  return id !== undefined && /^[0-9a-f]{40,64}$/.test(id) ? id : undefined;
}

async function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run("git", [...args], { cwd: folder, timeout: 10_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
