import type { EndpointMetrics } from "../../api.ts";
import type { EndedRequest } from "../../context/unit-views.ts";
import type { BoundRecorder } from "../meter.ts";
import { QuantileSketch } from "../quantile-sketch.ts";
import { type Counts, noCounts } from "./rolling-counts.ts";

/** Histograms of the queries of one method and route. */
export interface QueryRecorders {
  readonly count: BoundRecorder;
  /** In seconds. */
  readonly duration: BoundRecorder;
}

/** Creates the histograms of a method, at its first request with queries. */
type QueryRecordersOf = (method: string) => QueryRecorders;

/** Statistics of the requests of one route. */
export class EndpointStats {
  readonly counts: Counts = noCounts();
  readonly #route: string | undefined;
  readonly #recordersOf: QueryRecordersOf;
  readonly #byMethod = new Map<string, { count: number; recorders: QueryRecorders | undefined }>();
  readonly #seconds = new QuantileSketch();
  #queries = 0;
  #querySeconds = 0;
  #cacheHits = 0;
  #cacheMisses = 0;

  constructor(route: string | undefined, recordersOf: QueryRecordersOf) {
    this.#route = route;
    this.#recordersOf = recordersOf;
  }

  /** @param exemplarContext the span context of an exemplar, if the request may be one */
  add(request: EndedRequest, exemplarContext: ExemplarContext): void {
    const { method, endedAt, startedAt, callTimes } = request;
    let stats = this.#byMethod.get(method);
    if (stats === undefined) {
      stats = { count: 0, recorders: undefined };
      this.#byMethod.set(method, stats);
    }
    stats.count++;
    this.#seconds.add((endedAt - startedAt) / 1000);
    if (callTimes === undefined) return;
    this.#cacheHits += callTimes.cacheHits;
    this.#cacheMisses += callTimes.cacheMisses;
    const queries = callTimes.until("database", endedAt);
    if (queries === undefined) return;
    const seconds = queries.ms / 1000;
    this.#queries += queries.count;
    this.#querySeconds += seconds;
    stats.recorders ??= this.#recordersOf(method);
    stats.recorders.count.record(queries.count, exemplarContext);
    stats.recorders.duration.record(seconds, exemplarContext);
  }

  metrics(): EndpointMetrics {
    const { requests, errors4xx, errors5xx, failed, rateLimitHits } = this.counts;
    const mean = (sum: number): number => sum / Math.max(1, requests);
    return {
      route: this.#route ?? null,
      requests,
      requestsByMethod: Object.fromEntries(
        Array.from(this.#byMethod, ([method, { count }]) => [method, count]),
      ),
      errors4xx,
      errors5xx,
      rateLimitHits,
      errorRate: mean(failed),
      duration: this.#durations(),
      queries: {
        total: this.#queries,
        mean: mean(this.#queries),
        meanDuration: mean(this.#querySeconds),
      },
      cache: { hits: this.#cacheHits, misses: this.#cacheMisses },
    };
  }

  #durations(): EndpointMetrics["duration"] {
    const seconds = this.#seconds;
    return {
      mean: seconds.sum / Math.max(1, seconds.count),
      min: seconds.min ?? 0,
      max: seconds.max ?? 0,
      p50: seconds.quantile(0.5) ?? 0,
      p95: seconds.quantile(0.95) ?? 0,
      p99: seconds.quantile(0.99) ?? 0,
    };
  }
}

type ExemplarContext = Parameters<BoundRecorder["record"]>[1];
