import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A rotated file: `application.log.7`, or `application.log.7.gz`. */
export interface Backup {
  readonly number: number;
  readonly path: string;
  readonly isCompressed: boolean;
}

/**
 * Returns the rotated files of a log file, the oldest first. The order is that of
 * their numbers: it does not depend on a clock, which may be set back.
 */
export function listBackups(path: string): readonly Backup[] {
  const prefix = `${basename(path)}.`;
  const backups: Backup[] = [];
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const [, digits, suffix] = /^([1-9]\d{0,14})(\.gz)?$/.exec(name.slice(prefix.length)) ?? [];
    if (digits === undefined) continue;
    const isCompressed = suffix !== undefined;
    backups.push({ number: Number(digits), path: join(dirname(path), name), isCompressed });
  }
  return backups.toSorted((one, other) => one.number - other.number);
}

/**
 * Creates an empty file under the next number and returns its path. A log file is then
 * renamed to it: so no rotated file is ever overwritten, whatever other processes do.
 *
 * @throws if the file can't be created.
 */
export function reserveBackup(path: string, backups: readonly Backup[]): string {
  for (let number = (backups.at(-1)?.number ?? 0) + 1; ; number++) {
    const reserved = `${path}.${number}`;
    try {
      closeSync(openSync(reserved, "wx", 0o640));
      return reserved;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** Deletes the oldest files until only `count` numbers are left. Errors are ignored: the next rotation tries again. */
export function deleteOldest(backups: readonly Backup[], count: number): void {
  const numbers = [...new Set(backups.map(({ number }) => number))];
  const firstKept = numbers.at(-count) ?? 0;
  for (const { number, path } of backups) {
    if (number >= firstKept) return;
    try {
      rmSync(path, { force: true });
      rmSync(temporaryOf(path), { force: true });
    } catch {
      // A folder, or a file of another user.
    }
  }
}

/** Returns the file in which a rotated file is being compressed. */
export function temporaryOf(path: string): string {
  return `${path}.gz.tmp`;
}
