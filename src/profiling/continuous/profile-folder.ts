import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { createFolder, createFolderSync } from "../../files/folder.ts";
import { PROFILE_NAME, type ProfileFile } from "./profile-file.ts";
import type { Delivery, ProfileSink } from "./profile-sink.ts";

/** Of a folder, whichever processes write there. */
export const MAX_FILES = 1_000;
export const MAX_BYTES = 256_000_000;

/** As those of log files. */
const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;

/** A file that is not complete; its process may have ended meanwhile. */
const TEMPORARY = /^\.\d{8}T\d{9}Z-.*\.tmp$/;
const MAX_TEMPORARY_AGE_MS = 600_000;

/** A folder that keeps the latest profiles. */
export class ProfileFolder implements ProfileSink {
  readonly #path: string;
  readonly #diagnostics: Diagnostics;
  /** Number of profiles that were lost in the current trouble; undefined without any. */
  #lost: number | undefined = undefined;

  constructor(path: string, diagnostics: Diagnostics) {
    this.#path = path;
    this.#diagnostics = diagnostics;
  }

  async deliver({ name, content }: ProfileFile): Promise<Delivery> {
    const [path, temporary] = this.#pathsOf(name);
    try {
      await createFolder(this.#path, FOLDER_MODE);
      await writeFile(temporary, content, { mode: FILE_MODE, flag: "wx" });
      await rename(temporary, path);
      this.#succeeded();
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      this.#failed(error);
      return { status: "failed" };
    }
    await this.#removeOld().catch(() => {});
    return { status: "sent" };
  }

  /** Nothing of a file is left half done. */
  cancel(): boolean {
    return false;
  }

  deliverAtExit(
    file: () => ProfileFile | undefined,
    onResult: (isSent: boolean) => void,
  ): undefined {
    const found = file();
    if (found !== undefined) onResult(this.#writeSync(found));
  }

  #writeSync({ name, content }: ProfileFile): boolean {
    const [path, temporary] = this.#pathsOf(name);
    try {
      createFolderSync(this.#path, FOLDER_MODE);
      writeFileSync(temporary, content, { mode: FILE_MODE });
      renameSync(temporary, path);
    } catch (error) {
      tryTo(() => rmSync(temporary, { force: true }));
      this.#failed(error);
      return false;
    }
    tryTo(() => this.#removeOldSync());
    return true;
  }

  #pathsOf(name: string): [path: string, temporary: string] {
    return [join(this.#path, name), join(this.#path, `.${name}.tmp`)];
  }

  async #removeOld(): Promise<void> {
    const files: FolderFile[] = [];
    for (const name of ownNames(await readdir(this.#path))) {
      const found = await stat(join(this.#path, name)).catch(() => undefined);
      if (found !== undefined) files.push({ name, bytes: found.size, changedMs: found.mtimeMs });
    }
    for (const name of superfluous(files)) await rm(join(this.#path, name), { force: true });
  }

  #removeOldSync(): void {
    const files = ownNames(readdirSync(this.#path)).flatMap((name): FolderFile[] => {
      const found = statSync(join(this.#path, name), { throwIfNoEntry: false });
      return found === undefined ? [] : [{ name, bytes: found.size, changedMs: found.mtimeMs }];
    });
    for (const name of superfluous(files)) rmSync(join(this.#path, name), { force: true });
  }

  #failed(error: unknown): void {
    const { code, name } = error as NodeJS.ErrnoException;
    this.#lost ??= 0;
    if (this.#lost++ > 0) return;
    this.#diagnostics.error(
      "profiles folder",
      `cannot write profiles to ${JSON.stringify(this.#path)}: ${remedyOf(code ?? name)} (dropped and counted until it works)`,
    );
  }

  #succeeded(): void {
    if (this.#lost === undefined) return;
    this.#diagnostics.info(
      "profiles folder again",
      `writing profiles to ${JSON.stringify(this.#path)} works again; lost: ${this.#lost} profiles`,
    );
    this.#lost = undefined;
  }
}

interface FolderFile {
  readonly name: string;
  readonly bytes: number;
  readonly changedMs: number;
}

function ownNames(names: readonly string[]): string[] {
  return names.filter((name) => PROFILE_NAME.test(name) || TEMPORARY.test(name));
}

/** Returns the names of files beyond the limits, the oldest ones, and what was never completed. */
export function superfluous(files: readonly FolderFile[], at: number = Date.now()): string[] {
  const isTemporary = ({ name }: FolderFile): boolean => TEMPORARY.test(name);
  const abandoned = files.filter(
    (file) => isTemporary(file) && at - file.changedMs > MAX_TEMPORARY_AGE_MS,
  );
  const newestFirst = files
    .filter((file) => !isTemporary(file))
    .toSorted((a, b) => (a.name < b.name ? 1 : -1));
  let bytes = 0;
  const old = newestFirst.filter(
    (file, index) => (bytes += file.bytes) > MAX_BYTES || index >= MAX_FILES,
  );
  return [...abandoned, ...old].map(({ name }) => name);
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "this process may not write there",
  ERR_ACCESS_DENIED: "Node does not permit it; start it with --allow-fs-write",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  ENOTDIR: "it is no folder",
  EEXIST: "it is no folder",
};

function remedyOf(code: string): string {
  const words = REMEDIES[code];
  return words === undefined ? code : `${words} (${code})`;
}

function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // The next process removes what is left.
  }
}
