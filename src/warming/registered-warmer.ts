import type { CacheWarmingTrigger } from "../api.ts";
import { WarmerRun } from "./warmer-run.ts";
import type { ValidWarmer } from "./warmer-options.ts";
import type { WarmingDeps } from "./warming-deps.ts";
import type { WarmingLog } from "./warming-log.ts";
import type { WarmingRun } from "./warming-run.ts";

/** A run as its caller sees it: one that was skipped has ended at once. */
export interface StartedRun {
  readonly id: string;
  readonly ended: Promise<void>;
  view(): WarmingRun;
}

/** A warmer with its schedule. It runs once at a time. */
export class RegisteredWarmer {
  readonly warmer: ValidWarmer;
  readonly #deps: WarmingDeps;
  readonly #log: WarmingLog;
  #last: WarmerRun | undefined = undefined;
  /** Whether the function of the last run has not ended, also after its time limit. */
  #isUnsettled = false;
  #immediate: NodeJS.Immediate | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(warmer: ValidWarmer, deps: WarmingDeps, log: WarmingLog) {
    this.warmer = warmer;
    this.#deps = deps;
    this.#log = log;
  }

  /**
   * Starts the first run, if there is one at the start, and the schedule. Neither keeps the process
   * alive.
   *
   * @param onFirstRunEnded is called when that run has ended.
   */
  start(onFirstRunEnded: () => void): void {
    this.#schedule(true);
    if (!this.warmer.onStart) return;
    // After the code of the app that registers it.
    this.#immediate = setImmediate(() => {
      void this.run("start", {}).ended.then(onFirstRunEnded);
    }).unref();
  }

  /** Runs the function, unless its last run has not ended. */
  run(trigger: CacheWarmingTrigger, params: Readonly<Record<string, string>>): StartedRun {
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) return skippedRun(this.warmer.name, trigger, obstacle);
    const run = new WarmerRun({ warmer: this.warmer, trigger, params }, this.#deps, this.#log);
    this.#last = run;
    this.#isUnsettled = true;
    void run.settled.then(() => {
      if (this.#last === run) this.#isUnsettled = false;
    });
    return run;
  }

  /** The last run; undefined before the first one. */
  get last(): WarmingRun | undefined {
    return this.#last?.view();
  }

  /** No run starts by itself any more. One in progress goes on. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  /** The process shuts down. */
  interrupt(): void {
    this.stop();
    this.#last?.interrupt();
  }

  /**
   * Returns why no run can start. A function that has not ended long after its time limit never
   * will, as one that waits for a lost connection: it blocks no run for ever.
   */
  #obstacle(): string | undefined {
    if (this.#last === undefined || !this.#isUnsettled) return undefined;
    const { timeoutMs } = this.warmer;
    if (this.#last.view().status === "running") return "another run is in progress";
    return this.#last.age < 2 * timeoutMs
      ? "its last run has not ended since its time limit"
      : undefined;
  }

  #schedule(isFirst: boolean): void {
    const { everyMs } = this.warmer;
    if (everyMs === undefined || this.#isStopped) return;
    const delayMs = delayOf(everyMs, isFirst, Math.random());
    this.#timer = setTimeout(() => void this.#runBySchedule(), delayMs).unref();
  }

  async #runBySchedule(): Promise<void> {
    await this.run("schedule", {}).ended;
    this.#schedule(false);
  }
}

/**
 * Returns the time to the next run by schedule. Replicas that start at the same time are spread
 * over half of it.
 *
 * @param random from 0 to 1
 */
export function delayOf(everyMs: number, isFirst: boolean, random: number): number {
  return isFirst ? everyMs * (0.5 + random / 2) : everyMs * (0.9 + random / 5);
}

function skippedRun(warmer: string, trigger: CacheWarmingTrigger, reason: string): StartedRun {
  const run: WarmingRun = {
    id: crypto.randomUUID(),
    ...{ warmer, trigger, status: "skipped", startedAt: new Date().toISOString(), reason },
    caches: [],
  };
  return { id: run.id, ended: Promise.resolve(), view: () => run };
}
