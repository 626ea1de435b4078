import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseFileName, type StoredFile } from "../../../src/errors/spool/stored-file.ts";

/** A folder for stored events that is deleted after the test. */
export interface TemporaryFolder {
  readonly path: string;
  /** The stored events of all projects, the oldest first. */
  files(): readonly (StoredFile & { readonly path: string })[];
  /** The names of all other files, without folders. */
  others(): readonly string[];
  remove(): void;
}

export function createTemporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "telltale-spool-"));
  const entries = (): { name: string; path: string }[] =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name, parentPath }) => ({ name, path: join(parentPath, name) }));
  return {
    path,
    files: () =>
      entries()
        .flatMap((entry) => {
          const file = parseFileName(entry.name);
          return file === undefined ? [] : [{ ...file, path: entry.path }];
        })
        .toSorted((a, b) => a.time - b.time),
    others: () =>
      entries()
        .map(({ name }) => name)
        .filter((name) => parseFileName(name) === undefined),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
