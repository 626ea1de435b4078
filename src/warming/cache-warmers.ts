import type { CacheStats, HealthCheckResult } from "../api.ts";
import { RegisteredWarmer, type StartedRun } from "./registered-warmer.ts";
import { readWarmer, type ValidWarmer } from "./warmer-options.ts";
import { cacheStatsOf, type WarmingDeps } from "./warming-deps.ts";
import { WarmingLog } from "./warming-log.ts";
import type { WarmingRun } from "./warming-run.ts";

/** An app has a few warmers. Names that are made of ids are a mistake. */
const MAX_WARMERS = 100;

/** Runs that were started by `telltale warm`, whose results it asks for. */
const MAX_RUNS = 200;

/** The name of the check by which readiness waits. */
const CHECK_NAME = "cache-warming";

/** A warmer as `telltale warm --list` shows it. */
export interface WarmerView {
  readonly name: string;
  readonly onStart: boolean;
  /** In milliseconds, as the others; undefined without a schedule. */
  readonly every?: number;
  readonly timeout: number;
  readonly lastRun?: WarmingRun;
}

export function createCacheWarmers(deps: WarmingDeps): CacheWarmers {
  return new CacheWarmers(deps);
}

/** The cache warmers of the app, by name. */
export class CacheWarmers {
  readonly #deps: WarmingDeps;
  readonly #log: WarmingLog;
  readonly #warmers = new Map<string, RegisteredWarmer>();
  readonly #runs = new Map<string, StartedRun>();
  /** Names of the warmers whose first run readiness waits for. */
  readonly #awaited = new Set<string>();
  #removeCheck: (() => void) | undefined = undefined;

  constructor(deps: WarmingDeps) {
    this.#deps = deps;
    this.#log = new WarmingLog(deps);
  }

  /** Adds a warmer, or replaces the one of the same name. Returns a function that removes it. */
  register(name: unknown, warm: unknown, options: unknown): () => void {
    const warmer = readWarmer(name, warm, options, this.#deps.diagnostics);
    if (warmer === undefined || !this.#hasPlaceFor(warmer)) return () => {};
    this.#warmers.get(warmer.name)?.stop();
    const registered = new RegisteredWarmer(warmer, this.#deps, this.#log);
    this.#warmers.set(warmer.name, registered);
    if (warmer.beforeReady) this.#await(warmer.name);
    else this.#release(warmer.name);
    registered.start(() => {
      if (this.#warmers.get(warmer.name) === registered) this.#release(warmer.name);
    });
    return () => this.#remove(registered);
  }

  /** Returns the warmers with their last runs. */
  list(): WarmerView[] {
    return Array.from(this.#warmers.values(), ({ warmer, last }) => ({
      name: warmer.name,
      onStart: warmer.onStart,
      ...(warmer.everyMs !== undefined && { every: warmer.everyMs }),
      timeout: warmer.timeoutMs,
      ...(last !== undefined && { lastRun: last }),
    }));
  }

  /** Returns the hits and misses of all caches since the start. */
  cacheStats(): readonly CacheStats[] {
    return cacheStatsOf(this.#deps);
  }

  /** Returns those of the names that no warmer has. */
  unknownOf(names: readonly string[]): string[] {
    return names.filter((name) => !this.#warmers.has(name));
  }

  /** Starts warmers by hand, all of them without names. */
  run(names: readonly string[], params: Readonly<Record<string, string>>): WarmingRun[] {
    const selected = new Set(names.length === 0 ? this.#warmers.keys() : names);
    return [...selected].flatMap((name) => {
      const started = this.#warmers.get(name)?.run("command", params);
      if (started === undefined) return [];
      this.#remember(started);
      return [started.view()];
    });
  }

  /** Returns the runs with these ids, as far as they are known. */
  runsOf(ids: readonly string[]): WarmingRun[] {
    return ids.flatMap((id) => this.#runs.get(id)?.view() ?? []);
  }

  /** The process shuts down: no warmer starts any more, and those that run are asked to stop. */
  stop(): void {
    for (const registered of this.#warmers.values()) registered.interrupt();
    this.#warmers.clear();
  }

  #hasPlaceFor({ name }: ValidWarmer): boolean {
    const isKnown = this.#warmers.has(name);
    if (isKnown) {
      this.#deps.diagnostics.warn(
        `registerCacheWarmer again ${name}`,
        `registerCacheWarmer received the name ${name} again, expected one warmer for each name; the last one is used`,
      );
    }
    if (isKnown || this.#warmers.size < MAX_WARMERS) return true;
    this.#deps.diagnostics.warn(
      "registerCacheWarmer number",
      `registerCacheWarmer received one more name, expected at most ${MAX_WARMERS} warmers; the warmer is left out`,
    );
    return false;
  }

  #remove(registered: RegisteredWarmer): void {
    registered.stop();
    const { name } = registered.warmer;
    if (this.#warmers.get(name) !== registered) return;
    this.#warmers.delete(name);
    this.#release(name);
  }

  #remember(started: StartedRun): void {
    this.#runs.set(started.id, started);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > MAX_RUNS && oldest !== undefined) this.#runs.delete(oldest);
  }

  #await(name: string): void {
    this.#awaited.add(name);
    this.#removeCheck ??= this.#deps.health.register({
      name: CHECK_NAME,
      // The shortest one: readiness follows the end of the run at once.
      intervalMs: 100,
      run: () => this.#readiness(),
    });
  }

  #release(name: string): void {
    if (!this.#awaited.delete(name) || this.#awaited.size > 0) return;
    this.#removeCheck?.();
    this.#removeCheck = undefined;
  }

  #readiness(): HealthCheckResult | undefined {
    if (this.#awaited.size === 0) return undefined;
    return { status: "fail", detail: { reason: `warming ${[...this.#awaited].join(", ")}` } };
  }
}
