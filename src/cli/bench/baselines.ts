import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { propertyOf } from "../../property.ts";
import { createFolderSync } from "../../files/folder.ts";
import { createViewerFolder, viewerFolderOf } from "../../viewer/state-file.ts";
import { type Commit, commitIdOf } from "./commit.ts";
import { BenchError } from "./endpoint.ts";
import type { BenchResult } from "./result.ts";

const FOLDER = "bench";
const KEY_LENGTH = 12;

/** The results that were kept to compare with, one file for each commit. */
export class Baselines {
  readonly #project: string;
  readonly #folder: string;
  readonly #isOwn: boolean;

  /** @param folder undefined: `.telltale/bench` of the project. */
  constructor(project: string, folder: string | undefined) {
    this.#project = project;
    this.#isOwn = folder === undefined;
    this.#folder = folder ?? join(viewerFolderOf(project), FOLDER);
  }

  /** Writes a result, in the place of an older one of the same commit. Returns its file. */
  save(result: BenchResult): string {
    if (this.#isOwn) createViewerFolder(this.#project);
    createFolderSync(this.#folder, 0o755);
    const file = join(this.#folder, `${result.key}.json`);
    writeFileSync(file, `${JSON.stringify(result)}\n`);
    return file;
  }

  /**
   * Reads a baseline.
   *
   * @param name a commit, a branch, the name of a file in the folder, a path, or `latest`.
   * @throws BenchError if there is none, or it is no baseline.
   */
  async find(name: string): Promise<BenchResult> {
    if (name.endsWith(".json")) return readResult(name);
    const keys = this.#keys();
    if (name === "latest") return this.#latest(keys);
    const id = await commitIdOf(this.#project, name);
    const key = keys.find((one) => one === name) ?? keys.find((one) => one === keyOfId(id));
    if (key !== undefined) return readResult(join(this.#folder, `${key}.json`));
    const known = keys.length === 0 ? "there is none yet" : `there are ${keys.join(", ")}`;
    throw new BenchError(
      `--compare: there is no baseline ${JSON.stringify(name)} in ${this.#folder}: ${known}; telltale bench --save keeps one`,
    );
  }

  #latest(keys: readonly string[]): BenchResult {
    const all = keys.map((key) => readResult(join(this.#folder, `${key}.json`)));
    const [latest] = all.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
    if (latest !== undefined) return latest;
    throw new BenchError(
      `--compare: there is no baseline in ${this.#folder}; telltale bench --save keeps one`,
    );
  }

  #keys(): string[] {
    try {
      const files = readdirSync(this.#folder).filter((file) => file.endsWith(".json"));
      return files.map((file) => file.slice(0, -".json".length)).toSorted();
    } catch {
      return [];
    }
  }
}

/** Returns the name of the baseline of a commit: its first digits, and whether files differ. */
export function baselineKey(commit: Commit | undefined): string {
  if (commit === undefined) return "no-commit";
  return `${keyOfId(commit.id)}${commit.isChanged ? "-changed" : ""}`;
}

function keyOfId(id: string | undefined): string | undefined {
  return id?.slice(0, KEY_LENGTH);
}

function readResult(file: string): BenchResult {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new BenchError(`--compare: ${file} can't be read: ${code ?? message}`);
  }
  if (!isResult(content)) throw new BenchError(`--compare: ${file} is no result of telltale bench`);
  return content;
}

/** Whether a content has all that a comparison reads. */
function isResult(content: unknown): content is BenchResult {
  const endpoints = propertyOf(content, "endpoints");
  return (
    propertyOf(content, "version") === 1 &&
    typeof propertyOf(propertyOf(content, "settings"), "concurrency") === "number" &&
    typeof propertyOf(propertyOf(content, "machine"), "cpu") === "string" &&
    typeof propertyOf(content, "startedAt") === "string" &&
    Array.isArray(endpoints) &&
    endpoints.every(isEndpointResult)
  );
}

function isEndpointResult(endpoint: unknown): boolean {
  const blocks = propertyOf(endpoint, "blocks");
  return (
    typeof propertyOf(endpoint, "name") === "string" &&
    typeof propertyOf(propertyOf(endpoint, "figures"), "p50") === "number" &&
    Array.isArray(blocks) &&
    blocks.every((block) =>
      ["median", "p10", "machineMs"].every((key) => Number(propertyOf(block, key)) > 0),
    )
  );
}
