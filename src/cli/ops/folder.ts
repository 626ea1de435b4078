import { createHash, randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { lstat, mkdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import type { OutputFile } from "../../ops/output-file.ts";

/** The file with the hashes of what was written, by which changes by hand are recognized. */
export const MANIFEST = "manifest.json";

/** How a file of the folder differs from what would be written. */
export type FileState =
  | "missing"
  /** As generated. */
  | "current"
  /** As written earlier, and now generated differently. */
  | "outdated"
  /** Changed by hand, or written by something else. */
  | "edited"
  /** As written earlier, and no longer generated. */
  | "left over";

export interface FileDifference {
  readonly path: string;
  readonly state: FileState;
}

/**
 * Compares a folder with the files that would be written. Files of others, in places that no
 * generated file has, are ignored.
 *
 * @returns one entry for each generated file, and for each file that is left over, by path.
 * @throws if the folder can't be read, its manifest is none, or something else than a file is in
 *   the place of a file.
 */
export async function compareFolder(
  folder: string,
  files: readonly OutputFile[],
): Promise<readonly FileDifference[]> {
  if ((await statsOf(stat(folder)))?.isDirectory() === false)
    throw new Error(`${folder} is no folder`);
  const written = await readManifest(folder);
  const generated = new Map(files.map(({ path, text }) => [path, text]));
  const paths = [...new Set([...generated.keys(), ...written.keys()])].toSorted();
  await checkFolders(folder, paths);
  const differences = await Promise.all(
    paths.map(async (path) => {
      const found = await readEntry(join(folder, path));
      const state = stateOf(found, generated.get(path), written.get(path));
      return state === undefined ? [] : [{ path, state }];
    }),
  );
  return differences.flat();
}

/** @returns undefined: the file neither exists nor is generated. */
function stateOf(
  found: string | typeof LINK | undefined,
  generated: string | undefined,
  writtenHash: string | undefined,
): FileState | undefined {
  if (found === undefined) return generated === undefined ? undefined : "missing";
  if (found === LINK) return "edited";
  if (found === generated) return "current";
  if (hashOf(found) !== writtenHash) return "edited";
  return generated === undefined ? "left over" : "outdated";
}

/**
 * Writes files and the manifest, and removes files that are left over. Each file is replaced
 * as a whole, and none before all are on disk: a reader never sees half of one, and a full
 * disk changes nothing.
 *
 * @throws if a file can't be written.
 */
export async function writeFolder(
  folder: string,
  files: readonly OutputFile[],
  leftOver: readonly string[],
): Promise<void> {
  const all = [...files, { path: MANIFEST, text: manifestOf(files) }];
  // A process id would not do: it is the same one in each container.
  const suffix = `.${randomUUID()}.tmp`;
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const { path, text } of all) {
      const target = join(folder, path);
      for (const created of await makeFolder(dirname(target)))
        undo.push(() => rmdir(created).catch(() => undefined));
      undo.push(() => rm(target + suffix, { force: true }));
      await writeFile(target + suffix, text, { flag: "wx" });
    }
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
  for (const { path } of all) await rename(join(folder, path) + suffix, join(folder, path));
  for (const path of leftOver) await rm(join(folder, path), { force: true });
}

/**
 * Makes a folder and those above it. The recursive `mkdir` of Node has the wrong error (ENOENT) on
 * a read-only file system.
 *
 * @returns the folders that did not exist, from the top.
 */
async function makeFolder(path: string): Promise<readonly string[]> {
  try {
    await mkdir(path);
    return [path];
  } catch (error) {
    if (isCode(error, "EEXIST")) return [];
    if (!isCode(error, "ENOENT")) throw error;
  }
  return [...(await makeFolder(dirname(path))), ...(await makeFolder(path))];
}

function manifestOf(files: readonly OutputFile[]): string {
  const hashes = Object.fromEntries(files.map(({ path, text }) => [path, hashOf(text)]));
  const comment = "Written by telltale ops. The hashes show which files were changed by hand.";
  return `${JSON.stringify({ comment, files: hashes }, undefined, 2)}\n`;
}

async function readManifest(folder: string): Promise<ReadonlyMap<string, string>> {
  const path = join(folder, MANIFEST);
  const text = await readEntry(path);
  if (text === undefined) return new Map();
  const manifest = text === LINK ? undefined : parseJson(text);
  if (!isObject(manifest) || !isObject(manifest["files"]))
    throw new Error(
      `${path} is not as it was written; restore it, or remove it: then what differs counts as changed by hand`,
    );
  const { files } = manifest;
  return new Map(
    Object.entries(files).flatMap(([name, hash]) => (isInside(name) ? [[name, String(hash)]] : [])),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** A manifest is a file that anybody may have changed: what it names is read and removed. */
function isInside(path: string): boolean {
  const isPlain = posix.normalize(path) === path && !/[\\:\0]|\/$/.test(path);
  return isPlain && path !== MANIFEST && !/^(?:\/|\.{1,2}(?:\/|$))/.test(path);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Checks that the folders of files are folders. Behind a symbolic link are files of others, which
 * would be replaced or removed.
 *
 * @throws if one is not.
 */
async function checkFolders(folder: string, paths: readonly string[]): Promise<void> {
  const folders = new Set(paths.flatMap((path) => parentsOf(path)));
  for (const parent of folders) {
    const path = join(folder, parent);
    const stats = await statsOf(lstat(path));
    if (stats?.isSymbolicLink() === true) throw new Error(`${path} is a symbolic link`);
    if (stats?.isDirectory() === false) throw new Error(`${path} is no folder`);
  }
}

/** `a/b/c.yaml` has `a` and `a/b`. */
function parentsOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

/** In place of a text: a symbolic link, which was not written. */
const LINK = Symbol("symbolic link");

/**
 * @returns undefined if there is no such file.
 * @throws if it is a folder, a pipe or anything else.
 */
async function readEntry(path: string): Promise<string | typeof LINK | undefined> {
  const stats = await statsOf(lstat(path));
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return LINK;
  if (!stats.isFile()) throw new Error(`${path} is no file`);
  return readFile(path, "utf8");
}

/** @returns undefined if there is nothing. */
async function statsOf(stats: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await stats;
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
