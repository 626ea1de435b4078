import { closeSync, openSync, readSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isCommitId } from "./commit-id.ts";

/** No file of a repository but `packed-refs` is longer. */
const MAX_BYTES = 4096;
/** Limits reading `packed-refs`. It is sorted, and branches come before tags. */
const MAX_PACKED_BYTES = 1024 * 1024;
/** How often a reference may refer to another one, as `HEAD` does to a branch. */
const MAX_REFERENCES = 5;

/**
 * Returns the commit that `HEAD` of a repository refers to. Reads git's files, without
 * running git, in a few bounded steps. Throws an error of the file system.
 * https://git-scm.com/docs/gitrepository-layout
 *
 * @param path the `.git` folder of a repository, or the `.git` file of a worktree or of a
 *   submodule.
 */
export function readGitCommit(path: string): string | undefined {
  const folder = statSync(path).isDirectory() ? path : linkedFolder(path);
  return folder === undefined ? undefined : commitOf(folder);
}

/**
 * Returns the branch that is checked out, by the same files; undefined for a commit
 * without one. The parameter and the errors are those of `readGitCommit`.
 */
export function readGitBranch(path: string): string | undefined {
  const folder = statSync(path).isDirectory() ? path : linkedFolder(path);
  return folder && /^ref: refs\/heads\/(.+)/.exec(read(join(folder, "HEAD")))?.[1];
}

function linkedFolder(path: string): string | undefined {
  const target = /^gitdir: (.+)/.exec(read(path))?.[1];
  return target === undefined ? undefined : resolve(dirname(path), target);
}

function commitOf(gitFolder: string): string | undefined {
  const common = read(join(gitFolder, "commondir"));
  // The branches of a worktree are in the repository that it belongs to.
  const folders = common === "" ? [gitFolder] : [gitFolder, resolve(gitFolder, common)];
  let text = read(join(gitFolder, "HEAD"));
  for (let count = 0; count < MAX_REFERENCES; count++) {
    if (isCommitId(text)) return text;
    const name = /^ref: (refs\/.+)/.exec(text)?.[1];
    if (name === undefined || name.includes("..")) return undefined;
    text = readReference(folders, name);
  }
  return undefined;
}

function readReference(folders: readonly string[], name: string): string {
  for (const folder of folders) {
    const text = read(join(folder, name));
    if (text !== "") return text;
  }
  for (const folder of folders) {
    const text = packedReference(read(join(folder, "packed-refs"), MAX_PACKED_BYTES), name);
    if (text !== "") return text;
  }
  return "";
}

/** Finds a line such as `2f8aa69… refs/heads/main`. */
function packedReference(lines: string, name: string): string {
  const at = lines.indexOf(` ${name}\n`);
  return at === -1 ? "" : lines.slice(lines.lastIndexOf("\n", at) + 1, at);
}

/** Reads the beginning of a file, without white space at its end. Returns an empty text if it is none. */
function read(path: string, maxBytes: number = MAX_BYTES): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return "";
  const bytes = Buffer.allocUnsafe(Math.min(stats.size, maxBytes));
  const file = openSync(path, "r");
  try {
    const text = bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, 0));
    return maxBytes === MAX_BYTES ? text.trimEnd() : text;
  } finally {
    closeSync(file);
  }
}
