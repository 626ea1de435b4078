import { dirname, join } from "node:path";
import type { Event } from "@sentry/core";
import { findPackage } from "../../resource/package.ts";
import type { EventCompletion } from "../pending-events.ts";
import { type FileTask, runInSlices, runUntil } from "../file-task.ts";

type Versions = Readonly<Record<string, string>>;

/** Maximum number of modules. */
const MAX_MODULES = 300;
const MAX_NAME_LENGTH = 100;
const MAX_MANIFEST_BYTES = 1_000_000;
/** No `node_modules` is more folders above a package. */
const MAX_DEPTH = 12;

/**
 * Adds the modules that the app depends on, with their installed versions. They are read
 * once, for the first event.
 */
export class ModuleVersions implements EventCompletion {
  readonly #script: string | undefined;
  #versions: Versions | undefined = undefined;
  #reading: Promise<void> | undefined = undefined;

  /** @param script path of the app's main file */
  constructor(script: string | undefined = process.argv[1]) {
    this.#script = script;
  }

  addCached(event: Event): boolean {
    if (this.#versions === undefined) return false;
    if (Object.keys(this.#versions).length > 0) {
      event.modules = { ...this.#versions, ...event.modules };
    }
    return true;
  }

  /** Reads the versions, and adds them. Never rejects. */
  async add(event: Event): Promise<void> {
    this.#reading ??= runInSlices(readVersions(this.#script)).then(
      (versions) => void (this.#versions = versions),
      () => void (this.#versions = {}),
    );
    await this.#reading;
    this.addCached(event);
  }

  addSync(event: Event, deadline: number): void {
    try {
      this.#versions ??= runUntil(readVersions(this.#script), deadline);
    } catch {
      this.#versions = {};
    }
    this.addCached(event);
  }
}

function* readVersions(script: string | undefined): FileTask<Versions> {
  const folder = script === undefined ? undefined : findPackage(script, process.cwd)?.folder;
  if (folder === undefined) return {};
  const manifest = yield* readManifest(folder);
  const names = [manifest?.["optionalDependencies"], manifest?.["dependencies"]].flatMap((list) =>
    typeof list === "object" && list !== null ? Object.keys(list) : [],
  );
  const versions: Record<string, string> = {};
  for (const name of new Set(names.slice(0, MAX_MODULES))) {
    const version =
      name.length <= MAX_NAME_LENGTH ? yield* installedVersion(folder, name) : undefined;
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

/** Reads the version of a dependency, as Node resolves it from the folder of the app. */
function* installedVersion(appFolder: string, name: string): FileTask<string | undefined> {
  let folder = appFolder;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const manifest = yield* readManifest(join(folder, "node_modules", name));
    const version = manifest?.["version"];
    if (typeof version === "string") return version.slice(0, MAX_NAME_LENGTH);
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

function* readManifest(folder: string): FileTask<Readonly<Record<string, unknown>> | undefined> {
  const content = yield { path: join(folder, "package.json"), maxBytes: MAX_MANIFEST_BYTES };
  if (content === undefined) return undefined;
  try {
    const manifest: unknown = JSON.parse(content.bytes.toString());
    return typeof manifest === "object" && manifest !== null
      ? (manifest as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
