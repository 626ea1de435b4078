import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import type { LogFileLimits } from "../../config/config.ts";
import { createFolderSync } from "../../files/folder.ts";
import { deleteOldest, listBackups, reserveBackup } from "./backups.ts";
import { withLock } from "./rotation-lock.ts";

/** Readable by the user and the group of the process, as log shippers need it. */
const FILE_MODE = 0o640;
export const FOLDER_MODE = 0o750;

/** Without `O_NONBLOCK` the opening of a named pipe would wait for its reader. */
const OPEN_FLAGS = constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/** The log file, opened for one batch of lines. */
export interface OpenLogFile {
  readonly descriptor: number;
  readonly stats: BigIntStats;
  /** Bytes until the limit; Infinity if the file should have been rotated and could not. */
  readonly remaining: number;
}

export interface RotatingFileOptions {
  readonly path: string;
  readonly limits: LogFileLimits;
  readonly daily: boolean;
  /** Called with the reason if the file can't be rotated. Lines are then appended to it. */
  readonly onRotationError: (error: unknown) => void;
  readonly onRotated: () => void;
}

/**
 * A log file that several processes append to, and which any of them rotates.
 *
 * Each batch opens the file by its name and appends with one system call, which the
 * kernel does not mix with those of others. So a file that was renamed, removed or
 * truncated from outside needs no special treatment. A rotation renames the file while
 * a lock is held. The others don't wait for it: until the other process has rotated, lines
 * go to the same file. A batch that was opened just before lands in the renamed file.
 */
export class RotatingFile {
  readonly path: string;
  readonly #options: RotatingFileOptions;
  /** The day for which it is known that the file has no lines of earlier ones. */
  #checkedDay = "";

  constructor(options: RotatingFileOptions) {
    this.path = options.path;
    this.#options = options;
  }

  get maxBytes(): number {
    return this.#options.limits.maxBytes;
  }

  /**
   * Opens the file, after a rotation if one is due. The caller closes it.
   *
   * @param bytes of the next line. A longer one than the limit gets a file of its own.
   * @throws if it can't be opened.
   */
  open(bytes: number): OpenLogFile {
    const file = this.#openCurrent();
    if (!this.#isDue(file, bytes)) return file;
    if (!this.#rotate(file)) return { ...file, remaining: Infinity };
    closeSync(file.descriptor);
    return this.#openCurrent();
  }

  #openCurrent(): OpenLogFile {
    const descriptor = this.#openPath();
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      if (!stats.isFile()) throw new Error(`${this.path} is not a file`);
      return { descriptor, stats, remaining: this.#options.limits.maxBytes - Number(stats.size) };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  #openPath(): number {
    const access = this.#options.daily ? constants.O_RDWR : constants.O_WRONLY;
    try {
      return openSync(this.path, access | OPEN_FLAGS, FILE_MODE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      createFolderSync(dirname(this.path), FOLDER_MODE);
      return openSync(this.path, access | OPEN_FLAGS, FILE_MODE);
    }
  }

  #isDue({ descriptor, stats, remaining }: OpenLogFile, bytes: number): boolean {
    if (stats.size === 0n) return false;
    return remaining < bytes || (this.#options.daily && this.#isOfEarlierDay(descriptor, stats));
  }

  #isOfEarlierDay(descriptor: number, stats: BigIntStats): boolean {
    const today = dayOf(new Date());
    if (today === this.#checkedDay) return false;
    // A clock that was set back makes no new day.
    const isEarlier = firstDayOf(descriptor, stats) < today;
    if (!isEarlier) this.#checkedDay = today;
    return isEarlier;
  }

  /** Returns whether the path now leads to another file. */
  #rotate({ stats }: OpenLogFile): boolean {
    try {
      const isRotated = withLock(`${this.path}.lock`, () => this.#renameIfSame(stats));
      return isRotated === true;
    } catch (error) {
      this.#options.onRotationError(error);
      return false;
    }
  }

  #renameIfSame(stats: BigIntStats): true {
    const { path } = this;
    const current = statSync(path, { bigint: true, throwIfNoEntry: false });
    // Another process was faster.
    if (current?.ino !== stats.ino || current.dev !== stats.dev) return true;
    const backups = listBackups(path);
    renameSync(path, reserveBackup(path, backups));
    deleteOldest(listBackups(path), this.#options.limits.maxBackups);
    this.#options.onRotated();
    return true;
  }
}

/** Enough for the timestamp, with which each line begins. */
const START_BYTES = 64;

/** Returns the day of the first line. A file may have been copied, so its own times may be wrong. */
function firstDayOf(descriptor: number, stats: BigIntStats): string {
  const [, day] = /^\{"timestamp":"(\d{4}-\d\d-\d\d)T/.exec(startOf(descriptor)) ?? [];
  return day ?? dayOf(stats.birthtime);
}

function startOf(descriptor: number): string {
  const start = Buffer.alloc(START_BYTES);
  try {
    return start.toString("latin1", 0, readSync(descriptor, start, 0, START_BYTES, 0));
  } catch {
    return "";
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
