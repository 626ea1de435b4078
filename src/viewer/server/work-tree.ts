import { execFile } from "node:child_process";
import { asList, asObject } from "../../otlp/fields.ts";
import type { JsonObject } from "../../otlp/protobuf.ts";

/** Time limit of `git status`. */
const TIMEOUT_MS = 5000;

/** More runs than a day has. */
const MAX_RUNS = 1000;

/**
 * Adds to each run whether the work tree of the project had changes that were not
 * committed, when the run was seen first. The app could not find out without a process
 * of its own.
 */
export class WorkTree {
  readonly #project: string;
  readonly #runs = new Map<string, Promise<boolean | undefined>>();

  /** @param project absolute path. */
  constructor(project: string) {
    this.#project = project;
  }

  /** Adds the attribute to the resources of an export. Never rejects. */
  async label(request: JsonObject): Promise<void> {
    const groups = ["resourceSpans", "resourceLogs", "resourceMetrics"].flatMap((field) =>
      asList(request[field]),
    );
    for (const group of groups) {
      const attributes = asList(asObject(group["resource"])["attributes"]);
      const run = textAttribute(attributes, "telltale.run.id");
      const folder = textAttribute(attributes, "telltale.project.folder");
      if (run === undefined || !this.#isInProject(folder)) continue;
      const isDirty = await this.#isDirtyAt(run);
      if (isDirty !== undefined)
        attributes.push({ key: "telltale.vcs.dirty", value: { boolValue: isDirty } });
    }
  }

  #isInProject(folder: string | undefined): boolean {
    return folder === this.#project || folder?.startsWith(`${this.#project}/`) === true;
  }

  #isDirtyAt(run: string): Promise<boolean | undefined> {
    const known = this.#runs.get(run);
    if (known !== undefined) return known;
    if (this.#runs.size >= MAX_RUNS) this.#runs.clear();
    const found = isDirty(this.#project);
    this.#runs.set(run, found);
    return found;
  }
}

/** Resolves with undefined without Git or a repository. Runs no hook of the repository. */
function isDirty(folder: string): Promise<boolean | undefined> {
  const args = ["--no-optional-locks", "-c", "core.fsmonitor=false", "status", "--porcelain"];
  return new Promise((resolve) => {
    execFile("git", args, { cwd: folder, timeout: TIMEOUT_MS }, (error, stdout) =>
      resolve(error === null ? stdout.trim() !== "" : undefined),
    );
  });
}

function textAttribute(attributes: readonly JsonObject[], key: string): string | undefined {
  const value = attributes.find((one) => one["key"] === key)?.["value"];
  const text = asObject(value)["stringValue"];
  return typeof text === "string" ? text : undefined;
}
