import type { OtlpAttributes } from "../../otlp/attributes.ts";
import type { Run } from "../model.ts";
import type { Origin } from "./items/otlp-items.ts";
import { runIdOf, serviceOf, textOf } from "./units/service.ts";
import { numberOf } from "./units/span-facts.ts";

/** A run without its number of requests, which the index counts. */
type StoredRun = Omit<Run, "requests">;

/** The starts of the services. */
export class Runs {
  readonly #byId = new Map<string, StoredRun>();
  /** The runs of resources that have been read; undefined if the time of the start is known. */
  readonly #seen = new WeakMap<Origin, string | undefined>();
  /** Runs that are new or have changed, to be written. */
  #changed = new Set<string>();

  /**
   * Notes the run of an item.
   *
   * @param time of the item; the earliest one is the start if the resource has none
   * @returns the run if it is new or has changed
   */
  note(resource: Origin, time: number): Run | undefined {
    if (this.#seen.has(resource)) {
      const id = this.#seen.get(resource);
      if (id === undefined || time >= (this.#byId.get(id)?.start ?? time)) return undefined;
    }
    const run = runOf(resource.attributes, time);
    this.#seen.set(resource, startOf(resource.attributes) === undefined ? run.id : undefined);
    const known = this.#byId.get(run.id);
    if (known !== undefined && known.start <= run.start) return undefined;
    const kept = known?.baseline === undefined ? run : { ...run, baseline: known.baseline };
    this.#set(kept);
    return { ...kept, requests: 0 };
  }

  restore(runs: readonly Run[]): void {
    for (const run of runs) if (!this.#byId.has(run.id)) this.#byId.set(run.id, run);
  }

  get(id: string): StoredRun | undefined {
    return this.#byId.get(id);
  }

  /** The newest first. */
  all(): StoredRun[] {
    return [...this.#byId.values()].toSorted((a, b) => b.start - a.start);
  }

  isBaseline(id: string): boolean {
    return this.#byId.get(id)?.baseline !== undefined;
  }

  /** Names a run; no other run has that name then. */
  setBaseline(id: string, name: string | undefined): boolean {
    const run = this.#byId.get(id);
    if (run === undefined) return false;
    for (const other of this.#byId.values()) {
      const isNamesake = other.service === run.service && other.baseline === name;
      if (name !== undefined && isNamesake) this.#set(withBaseline(other, undefined));
    }
    this.#set(withBaseline(this.#byId.get(id) ?? run, name));
    return true;
  }

  /** Returns the ids that a filter means: an id, the name of a baseline, `current` or `previous`. */
  resolve(wanted: string): Set<string> {
    if (wanted === "current" || wanted === "previous") {
      return this.#byAge(wanted === "current" ? 0 : 1);
    }
    const named = this.all().filter(({ id, baseline }) => id === wanted || baseline === wanted);
    return new Set(named.map(({ id }) => id));
  }

  delete(id: string): void {
    this.#byId.delete(id);
    this.#changed.delete(id);
  }

  get haveChanged(): boolean {
    return this.#changed.size > 0;
  }

  takeChanged(): Run[] {
    const changed = [...this.#changed].flatMap((id) => this.#byId.get(id) ?? []);
    this.#changed = new Set();
    return changed.map((run) => ({ ...run, requests: 0 }));
  }

  /** Returns the last run of each service, or the one before. */
  #byAge(age: number): Set<string> {
    const byService = new Map<string, string[]>();
    for (const { service, id } of this.all()) {
      byService.set(service, [...(byService.get(service) ?? []), id]);
    }
    return new Set([...byService.values()].flatMap((ids) => ids[age] ?? []));
  }

  #set(run: StoredRun): void {
    this.#byId.set(run.id, run);
    this.#changed.add(run.id);
  }
}

function withBaseline(run: StoredRun, name: string | undefined): StoredRun {
  const changed: { baseline?: string } & StoredRun = { ...run };
  if (name === undefined) delete changed.baseline;
  else changed.baseline = name;
  return changed;
}

function runOf(resource: OtlpAttributes, time: number): StoredRun {
  const commit = textOf(resource["vcs.ref.head.revision"]);
  const branch = textOf(resource["vcs.ref.head.name"]);
  const dirty = resource["telltale.vcs.dirty"];
  const nodeVersion = textOf(resource["process.runtime.version"]);
  const pid = numberOf(resource["process.pid"]);
  return {
    id: runIdOf(resource),
    service: serviceOf(resource),
    start: startOf(resource) ?? time,
    ...(commit !== undefined && { commit }),
    ...(branch !== undefined && { branch }),
    ...(typeof dirty === "boolean" && { dirty }),
    ...(nodeVersion !== undefined && { nodeVersion }),
    ...(pid !== undefined && { pid }),
  };
}

/** Milliseconds since 1970, or a time in ISO 8601. */
function startOf(resource: OtlpAttributes): number | undefined {
  const start = resource["telltale.run.start"] ?? resource["process.creation.time"];
  const ms = typeof start === "string" ? Date.parse(start) : numberOf(start);
  return ms === undefined || Number.isNaN(ms) ? undefined : ms;
}
