import { closeSync, existsSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createFolderSync } from "../../../files/folder.ts";
import { type Archive, ArchiveError } from "./archive.ts";
import { MemoryArchive } from "./memory-archive.ts";
import { SqliteArchive } from "./sqlite-archive.ts";
import { loadSqlite } from "./sqlite.ts";

/** Folder of the viewer's files in a project; it ignores itself in git. */
export const VIEWER_FOLDER = ".telltale";

export interface HistoryOptions {
  /** Path of the file; undefined: memory only. */
  readonly path: string | undefined;
  readonly maxBytes: number;
  /** Reads a history that exists, beside the process that writes it. */
  readonly readOnly: boolean;
  /** Prints one line. */
  readonly onMessage: (message: string) => void;
}

export function historyPathIn(projectFolder: string): string {
  return join(projectFolder, VIEWER_FOLDER, "history.db");
}

/** Opens the history, or one in memory with a line why. A damaged file is set aside. */
export function openHistory(options: HistoryOptions): Archive {
  const { path, maxBytes, readOnly, onMessage } = options;
  if (path === undefined) return new MemoryArchive();
  const sqlite = loadSqlite();
  if (sqlite === undefined) {
    onMessage("this Node has no node:sqlite, so the history of the viewer ends with the process");
    return new MemoryArchive();
  }
  try {
    if (!readOnly) createFile(path);
    return openOrSetAside(() => new SqliteArchive(sqlite, path, maxBytes, readOnly), options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    onMessage(
      `the history ${path} can't be used (${reason}), so that of this viewer ends with the process`,
    );
    return new MemoryArchive();
  }
}

function openOrSetAside(open: () => SqliteArchive, options: HistoryOptions): SqliteArchive {
  try {
    return open();
  } catch (error) {
    const isCorrupt = error instanceof ArchiveError && error.problem === "corrupt";
    if (!isCorrupt || options.readOnly || options.path === undefined) throw error;
    setAside(options.path, options.onMessage);
    createFile(options.path);
    return open();
  }
}

/** Renames a damaged history, so that a new one can take its place. */
export function setAside(path: string, onMessage: (message: string) => void): void {
  const damaged = freeName(`${path}.damaged`);
  renameSync(path, damaged);
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, damaged + suffix);
  }
  onMessage(`the history ${path} is damaged; it is now ${damaged}, and a new one was started`);
}

function freeName(path: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path}.${number}`;
    if (!existsSync(name)) return name;
  }
}

/** The folder and the file are for the user alone: telemetry may have personal data. */
function createFile(path: string): void {
  createViewerFolder(dirname(path));
  closeSync(openSync(path, "a", 0o600));
}

/** @throws if the folder can't be created. */
export function createViewerFolder(folder: string): void {
  createFolderSync(folder, 0o700);
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n", { mode: 0o600 });
}
