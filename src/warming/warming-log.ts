import { wallClock } from "../clock.ts";
import { errorTypeOf } from "../context/error-type.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { activeLogContext } from "../logs/correlation.ts";
import { EventLog } from "../logs/events/event-log.ts";
import type { WarmingDeps } from "./warming-deps.ts";
import type { CacheCounts, WarmingRun } from "./warming-run.ts";

/** Writes a log record for each run, and a line on stderr for a failed one. */
export class WarmingLog {
  readonly #log: EventLog;
  readonly #diagnostics: Diagnostics;

  constructor({ logs, diagnostics }: WarmingDeps) {
    this.#log = new EventLog(logs.provider, { name: "telltale/cache" });
    this.#diagnostics = diagnostics;
  }

  /** Called in the context of the job. */
  runEnded(run: WarmingRun, error: unknown): void {
    const { warmer, trigger, status, durationMs = 0, reason, caches } = run;
    const before = sumOf(caches.map((cache) => cache.before));
    const after = sumOf(caches.map((cache) => cache.after ?? cache.before));
    const event = {
      name: "telltale.cache.warming",
      level: status === "failed" ? "error" : "info",
      message: `cache warming ${status}`,
      time: wallClock(),
      attributes: {
        "telltale.cache.warming.name": warmer,
        "telltale.cache.warming.trigger": trigger,
        "telltale.cache.warming.status": status,
        "telltale.cache.warming.duration": Math.round(durationMs) / 1000,
        "telltale.cache.warming.hits_before": before.hits,
        "telltale.cache.warming.misses_before": before.misses,
        "telltale.cache.warming.hits_after": after.hits,
        "telltale.cache.warming.misses_after": after.misses,
        ...(reason !== undefined && {
          "error.type": errorTypeOf(error),
          "exception.message": reason,
        }),
      },
    } as const;
    this.#log.write(event, activeLogContext());
    if (status !== "failed") return;
    this.#diagnostics.warn(
      `cache warmer ${warmer}`,
      `the cache warmer ${warmer} failed: ${reason}; the app runs on, and its cache fills by requests`,
    );
  }
}

function sumOf(counts: readonly CacheCounts[]): CacheCounts {
  let [hits, misses] = [0, 0];
  for (const count of counts) {
    hits += count.hits;
    misses += count.misses;
  }
  return { hits, misses };
}
