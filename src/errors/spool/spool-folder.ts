import { lstatSync, readdirSync, renameSync, rmSync, type Stats, writeFileSync } from "node:fs";
import { lstat, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createFolder, createFolderSync } from "../../files/folder.ts";
import { createOwnerId, currentOwner, ownerFileName, type OwnerRecord } from "./owner.ts";

/** Folders and files are readable by their user only: events may contain personal data. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * The folder of the stored envelopes of one Sentry project. A file appears under its name
 * when it is complete: it is written under a temporary name, then renamed.
 */
export class SpoolFolder {
  readonly path: string;
  /** Id of this thread. A new one for each object. */
  readonly owner: string = createOwnerId();
  readonly self: OwnerRecord = currentOwner();
  #isPrepared = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Creates the folder. @throws if that is not possible. */
  async prepare(): Promise<void> {
    if (this.#isPrepared) return;
    await createFolder(this.path, FOLDER_MODE);
    checkAccess(await lstat(this.path));
    this.#isPrepared = true;
  }

  prepareSync(): void {
    if (this.#isPrepared) return;
    createFolderSync(this.path, FOLDER_MODE);
    checkAccess(lstatSync(this.path));
    this.#isPrepared = true;
  }

  /** Writes the owner file, which proves that this thread lives. */
  async beat(): Promise<void> {
    await writeFile(this.#ownerFile, JSON.stringify(this.self), { mode: FILE_MODE });
  }

  beatSync(): void {
    writeFileSync(this.#ownerFile, JSON.stringify(this.self), { mode: FILE_MODE });
  }

  /** Creates the folder again before the next use: it may have been deleted. */
  reset(): void {
    this.#isPrepared = false;
  }

  list(): Promise<string[]> {
    return readdir(this.path);
  }

  listSync(): string[] {
    return readdirSync(this.path);
  }

  async write(name: string, body: Uint8Array): Promise<void> {
    const temporary = `${name}.tmp`;
    try {
      await writeFile(join(this.path, temporary), body, { mode: FILE_MODE });
      await this.rename(temporary, name);
    } catch (error) {
      await this.remove(temporary);
      throw error;
    }
  }

  /** Uses another temporary name than `write`, which may be in progress for the same envelope. */
  writeSync(name: string, body: Uint8Array): void {
    const temporary = `${name}.tmp2`;
    try {
      writeFileSync(join(this.path, temporary), body, { mode: FILE_MODE });
      renameSync(join(this.path, temporary), join(this.path, name));
    } catch (error) {
      this.removeSync(temporary);
      throw error;
    }
  }

  read(name: string): Promise<Uint8Array> {
    return readFile(join(this.path, name));
  }

  /** @throws if the file does not exist any more, because another thread has renamed it. */
  rename(from: string, to: string): Promise<void> {
    return rename(join(this.path, from), join(this.path, to));
  }

  async size(name: string): Promise<number> {
    return (await stat(join(this.path, name))).size;
  }

  /** Returns the time of the last change of a file, or undefined if it does not exist. */
  async changedAt(name: string): Promise<number | undefined> {
    try {
      return (await stat(join(this.path, name))).mtimeMs;
    } catch {
      return undefined;
    }
  }

  /** Never rejects. Resolves with whether the file does not exist any more. */
  async remove(name: string): Promise<boolean> {
    try {
      await rm(join(this.path, name), { force: true });
      return true;
    } catch {
      return false;
    }
  }

  removeSync(name: string): void {
    try {
      rmSync(join(this.path, name), { force: true });
    } catch {
      // The event is sent again after a restart, with the same id.
    }
  }

  /** Leaves the files of this thread to others. */
  abandonSync(): void {
    if (this.#isPrepared) this.removeSync(ownerFileName(this.owner));
    this.#isPrepared = false;
  }

  get #ownerFile(): string {
    return join(this.path, ownerFileName(this.owner));
  }
}

/**
 * Rejects a folder that others could read: in a shared folder such as `/tmp` another
 * user may have created it before.
 */
function checkAccess(stats: Stats): void {
  if (!stats.isDirectory()) throw new Error("it is not a folder");
  const uid = process.getuid?.();
  if (uid === undefined) return;
  if (stats.uid !== uid) throw new Error("it belongs to another user");
  if ((stats.mode & 0o077) !== 0) throw new Error("other users have access to it");
}
