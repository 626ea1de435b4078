import { AsyncLocalStorage } from "node:async_hooks";
import { renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { runSuppressed } from "../../context/manager.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { delay } from "../../export/delay.ts";
import { type Backup, listBackups, temporaryOf } from "./backups.ts";
import { messageOf } from "./error-message.ts";
import { QUIET_MS } from "./line-batch.ts";
import { withLock } from "./rotation-lock.ts";

const compress = promisify(gzip);

/**
 * Bytes that are compressed in one go, by a thread of Node's pool. Each becomes a member
 * of the gzip file, which all readers of gzip concatenate. Between two of them nothing
 * keeps the process alive.
 */
const PART_BYTES = 1024 * 1024;

/** Pause between two parts, in milliseconds. */
const PART_PAUSE_MS = 5;

/** Age of an unfinished file from which its process is gone, in milliseconds. */
const ABANDONED_MS = 60_000;

/** The log files whose rotated files are being compressed. */
const running = new Set<string>();

const runDetached: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();

/**
 * Compresses the rotated files of a log file in the background. Files that are not
 * compressed when the process ends are compressed by the next one. Never throws.
 *
 * @param path of the log file.
 * @param quietMs age of its last change from which a rotated file is compressed.
 */
export function compressBackups(
  path: string,
  diagnostics: Diagnostics,
  quietMs: number = QUIET_MS,
): void {
  if (running.has(path)) return;
  running.add(path);
  const compressAll = async (): Promise<void> => {
    try {
      await compressQuiet(path, quietMs);
    } catch (error) {
      diagnostics.warn(
        `${path} compression`,
        `the rotated files of ${path} can't be compressed and stay as they are: ${messageOf(error)}`,
      );
    } finally {
      running.delete(path);
    }
  };
  void runDetached(() => runSuppressed(compressAll));
}

async function compressQuiet(path: string, quietMs: number): Promise<void> {
  for (;;) {
    await delay(quietMs);
    const backups = listBackups(path);
    const compressed = new Set(backups.filter(isCompressed).map(({ number }) => number));
    const rest = backups.filter((backup) => !isCompressed(backup));
    if (rest.length === 0) return;
    for (const backup of rest) {
      // A process was killed after it had compressed the file, and before it could delete it.
      if (compressed.has(backup.number)) await rm(backup.path, { force: true });
      else await compressIfQuiet(path, backup, quietMs);
    }
  }
}

function isCompressed(backup: Backup): boolean {
  return backup.isCompressed;
}

async function compressIfQuiet(path: string, backup: Backup, quietMs: number): Promise<void> {
  const source = await openUnless("ENOENT", backup.path, "r");
  if (source === undefined) return;
  const temporary = temporaryOf(backup.path);
  try {
    const { mtimeMs, size } = await source.stat();
    if (size === 0 || Math.abs(Date.now() - mtimeMs) < quietMs) return;
    const target = await createTemporary(temporary);
    if (target === undefined) return;
    try {
      await writeParts(source, target);
      withLock(`${path}.lock`, () => replaceBackup(backup.path, temporary, size));
    } finally {
      await target.close();
      await rm(temporary, { force: true });
    }
  } finally {
    await source.close();
  }
}

/** Returns undefined if another process is compressing the same file. */
async function createTemporary(path: string): Promise<FileHandle | undefined> {
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined) {
    if (Math.abs(Date.now() - existing.mtimeMs) < ABANDONED_MS) return undefined;
    await rm(path, { force: true });
  }
  return openUnless("EEXIST", path, "wx");
}

/** Opens a file. Returns undefined for an error of that code. */
async function openUnless(
  code: "ENOENT" | "EEXIST",
  path: string,
  flags: "r" | "wx",
): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags, 0o640);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return undefined;
    throw error;
  }
}

async function writeParts(source: FileHandle, target: FileHandle): Promise<void> {
  const part = Buffer.alloc(PART_BYTES);
  for (;;) {
    const { bytesRead } = await source.read(part, 0, PART_BYTES, null);
    if (bytesRead === 0) return;
    await target.writeFile(await compress(part.subarray(0, bytesRead)));
    await delay(PART_PAUSE_MS);
  }
}

/** Puts the compressed file in the place of the original, unless lines were appended to that since. */
function replaceBackup(original: string, temporary: string, size: number): void {
  const current = statSync(original, { throwIfNoEntry: false });
  if (current?.size !== size) return;
  renameSync(temporary, `${original}.gz`);
  rmSync(original);
}
