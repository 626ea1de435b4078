import type { CacheStats, CacheWarmingTrigger } from "../api.ts";
import { now } from "../clock.ts";
import { spanIn } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import { callTimesIn } from "../context/unit-access.ts";
import { type LimitedRun, type Outcome, runWithin } from "../context/runs/limited-run.ts";
import { excerpt } from "../diagnostics/escape-control-characters.ts";
import type { ValidWarmer } from "./warmer-options.ts";
import { cacheStatsOf, type WarmingDeps } from "./warming-deps.ts";
import type { WarmingLog } from "./warming-log.ts";
import type { CacheChange, WarmingRun, WarmingStatus } from "./warming-run.ts";

export interface WarmerRunOptions {
  readonly warmer: ValidWarmer;
  readonly trigger: CacheWarmingTrigger;
  readonly params: Readonly<Record<string, string>>;
}

/** A longer message of an error is truncated. */
const MAX_REASON = 500;

/** One run of a warmer's function, as a job. */
export class WarmerRun {
  readonly id: string = crypto.randomUUID();
  /** Resolves when the job has ended, at the latest after the time limit. Never rejects. */
  readonly ended: Promise<void>;
  /** Resolves when the function itself has ended. Never rejects. */
  readonly settled: Promise<void>;
  readonly #options: WarmerRunOptions;
  readonly #deps: WarmingDeps;
  readonly #log: WarmingLog;
  readonly #startedAt: number = now();
  readonly #startTime: string = new Date().toISOString();
  readonly #before: readonly CacheStats[];
  #after: readonly CacheStats[] | undefined = undefined;
  #limited: LimitedRun | undefined = undefined;
  #status: WarmingStatus = "running";
  #isInterrupted = false;
  #durationMs: number | undefined = undefined;
  #reason: string | undefined = undefined;
  #traceId: string | undefined = undefined;

  constructor(options: WarmerRunOptions, deps: WarmingDeps, log: WarmingLog) {
    this.#options = options;
    this.#deps = deps;
    this.#log = log;
    this.#before = cacheStatsOf(deps);
    this.ended = this.#runAsJob();
    this.settled = this.ended.then(() => this.#limited?.settled);
  }

  /** Milliseconds since its start. */
  get age(): number {
    return now() - this.#startedAt;
  }

  /** The process shuts down: the run is over, and its function is asked to stop. */
  interrupt(): void {
    if (this.#status !== "running") return;
    this.#isInterrupted = true;
    this.#limited?.stop(new Error("the process shuts down"));
  }

  view(): WarmingRun {
    return {
      id: this.id,
      warmer: this.#options.warmer.name,
      trigger: this.#options.trigger,
      status: this.#status,
      startedAt: this.#startTime,
      ...(this.#durationMs !== undefined && { durationMs: Math.round(this.#durationMs) }),
      ...(this.#reason !== undefined && { reason: this.#reason }),
      ...(this.#traceId !== undefined && { traceId: this.#traceId }),
      caches: changesOf(this.#before, this.#after),
    };
  }

  async #runAsJob(): Promise<void> {
    const { warmer } = this.#options;
    try {
      await this.#deps.runJob(`warm ${warmer.name}`, () => this.#run());
    } catch {
      // The error is that of the job, which has recorded it.
    }
  }

  /** Rejects with the error of the function, which is that of the job. */
  async #run(): Promise<void> {
    const { warmer, trigger, params } = this.#options;
    this.#traceId = spanIn(activeContext())?.spanContext().traceId;
    this.#limited = runWithin(warmer.timeoutMs, (signal) =>
      warmer.warm({ ...params }, { trigger, signal }),
    );
    const outcome = await this.#limited.outcome;
    this.#end(outcome);
    if (this.#status === "failed" && "error" in outcome) throw outcome.error;
  }

  #end(outcome: Outcome): void {
    this.#durationMs = this.age;
    this.#status = this.#statusOf(outcome);
    if (this.#status === "failed" && "error" in outcome) {
      this.#reason = excerpt(this.#deps.redactor.text(messageOf(outcome.error)), MAX_REASON);
    }
    this.#after = cacheStatsOf(this.#deps);
    this.#describeSpan();
    const error = this.#status === "failed" && "error" in outcome ? outcome.error : undefined;
    this.#log.runEnded(this.view(), error);
  }

  /** A run that the end of the process interrupts has not failed: each deployment would report it. */
  #statusOf(outcome: Outcome): WarmingStatus {
    if ("value" in outcome) return "succeeded";
    return this.#isInterrupted ? "interrupted" : "failed";
  }

  #describeSpan(): void {
    const context = activeContext();
    const { cacheHits = 0, cacheMisses = 0 } = callTimesIn(context) ?? {};
    spanIn(context)?.setAttributes({
      "telltale.cache.warming.name": this.#options.warmer.name,
      "telltale.cache.warming.trigger": this.#options.trigger,
      "telltale.cache.warming.status": this.#status,
      "telltale.cache.hits": cacheHits,
      "telltale.cache.misses": cacheMisses,
    });
  }
}

/** Returns the counts of each cache that is known at the end, or so far. */
function changesOf(
  before: readonly CacheStats[],
  after: readonly CacheStats[] | undefined,
): CacheChange[] {
  const earlier = new Map(before.map((stats) => [stats.name, stats]));
  return (after ?? before).map(({ name, hits, misses }) => {
    const { hits: hitsBefore = 0, misses: missesBefore = 0 } = earlier.get(name) ?? {};
    return {
      name,
      before: { hits: hitsBefore, misses: missesBefore },
      ...(after !== undefined && { after: { hits, misses } }),
    };
  });
}

/** Node's errors of connections to several addresses have no message. */
function messageOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const { name, message, code } = error as NodeJS.ErrnoException;
    return message === "" ? (code ?? name) : message;
  } catch {
    return "unknown";
  }
}
