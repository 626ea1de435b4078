import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFolderSync } from "../files/folder.ts";

/** How the commands and a second `telltale dev` find the viewer that runs. */
export interface ViewerState {
  /** `http://localhost:9465`. */
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly started: number;
}

const FOLDER = ".telltale";
const FILE = "viewer.json";

/** Returns the folder of the viewer's files in a project. */
export function viewerFolderOf(project: string): string {
  return join(project, FOLDER);
}

/**
 * Creates the folder of the viewer's files, which only its user can read, and which Git
 * ignores.
 *
 * @throws the error of the system.
 */
export function createViewerFolder(project: string): string {
  const folder = viewerFolderOf(project);
  createFolderSync(folder, 0o700);
  try {
    writeFileSync(join(folder, ".gitignore"), "*\n", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return folder;
}

/**
 * Reads the state of a project's viewer.
 *
 * @returns undefined if there is none: no file, a process that has ended, or no address
 *   of this host, to which no token is sent.
 */
export function readViewerState(project: string): ViewerState | undefined {
  try {
    const state: unknown = JSON.parse(readFileSync(join(viewerFolderOf(project), FILE), "utf8"));
    return isState(state) && isRunning(state.pid) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the state, in a file that only its user can read. */
export function writeViewerState(project: string, state: ViewerState): void {
  const file = join(createViewerFolder(project), FILE);
  // Renamed, so that a reader gets all of it, and a link in its place is not followed.
  const written = `${file}.${randomBytes(4).toString("hex")}`;
  writeFileSync(written, `${JSON.stringify(state)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(written, file);
}

/** Removes the state, unless it is that of another viewer. Never throws. */
export function removeViewerState(project: string, token: string): void {
  try {
    if (readViewerState(project)?.token === token)
      rmSync(join(viewerFolderOf(project), FILE), { force: true });
  } catch {
    // It names a process that has ended, and is ignored.
  }
}

/** Returns the address that opens the page. */
export function openingAddress({ url, token }: ViewerState): string {
  return `${url}/?token=${token}`;
}

function isState(value: unknown): value is ViewerState {
  const { url, token, pid, started } = Object(value) as Partial<Record<keyof ViewerState, unknown>>;
  return (
    typeof url === "string" &&
    /^http:\/\/localhost:\d{1,5}$/.test(url) &&
    typeof token === "string" &&
    Number.isSafeInteger(pid) &&
    typeof started === "number"
  );
}

/** Whether a process runs; true also for one of another user. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
