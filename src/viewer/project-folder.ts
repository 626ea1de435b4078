import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Returns the folder of the project that a folder is in: that of the nearest
 * `package.json`, or of the workspace that it belongs to, so that the services of a
 * monorepo have one viewer. A folder without either is a project of its own.
 *
 * @param folder an existing folder.
 * @returns an absolute path without symbolic links.
 */
export function projectFolderOf(folder: string): string {
  const start = realpathSync(folder);
  const folders = [...foldersAbove(start)];
  const nearest = folders.find((one) => existsSync(join(one, "package.json")));
  if (nearest === undefined) return start;
  return folders.slice(folders.indexOf(nearest)).find(isWorkspace) ?? nearest;
}

function* foldersAbove(start: string): Generator<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    yield folder;
    if (dirname(folder) === folder) return;
  }
}

/** Whether a folder is the root of a workspace of npm, Yarn, Bun or pnpm. */
function isWorkspace(folder: string): boolean {
  if (existsSync(join(folder, "pnpm-workspace.yaml"))) return true;
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof manifest === "object" && manifest !== null && "workspaces" in manifest;
  } catch {
    return false;
  }
}
