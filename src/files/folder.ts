import { mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/*
 * `mkdir` with `recursive` reports ENOENT on a read-only file system. Here the error is
 * that of the uppermost missing folder, which has the reason: EROFS, EACCES or ENOSPC.
 */

/**
 * Creates a folder and its missing parents, unless it exists.
 *
 * @param path absolute.
 * @param mode of each folder that is created.
 * @throws the error of the folder that can't be created.
 */
export async function createFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (exists(error)) return;
    if (!isMissingParent(error, path)) throw error;
    await createFolder(dirname(path), mode);
    // Not this function again: in `/proc`, the reason of ENOENT is no missing parent.
    await mkdir(path, mode).catch(throwUnlessExists);
  }
}

/** Creates a folder like `createFolder`, synchronously. */
export function createFolderSync(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (exists(error)) return;
    if (!isMissingParent(error, path)) throw error;
    createFolderSync(dirname(path), mode);
    mkdirUnlessExists(path, mode);
  }
}

function mkdirUnlessExists(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    throwUnlessExists(error);
  }
}

/** Another process may have created the folder in the meantime. */
function throwUnlessExists(error: unknown): void {
  if (!exists(error)) throw error;
}

/** Whether there is something of that name, which may be a file: what is created in it fails then. */
function exists(error: unknown): boolean {
  return codeOf(error) === "EEXIST";
}

function isMissingParent(error: unknown, path: string): boolean {
  return codeOf(error) === "ENOENT" && dirname(path) !== path;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
