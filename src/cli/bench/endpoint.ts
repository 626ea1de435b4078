/** The figures of an endpoint that a target can limit. */
export const TARGET_FIGURES = [
  "mean",
  "p50",
  "p95",
  "p99",
  "max",
  "errors",
  "queries",
  "query_time",
  "cache_ratio",
] as const;

export type TargetFigure = (typeof TARGET_FIGURES)[number];

/**
 * Limits of a figure: of durations in milliseconds, of `errors` and `cache_ratio` as a share
 * of 1. A figure at a limit is within it. `cache_ratio` has lower limits, the others upper ones.
 */
export interface Target {
  readonly excellent: number;
  readonly good: number;
}

export type Targets = Readonly<Partial<Record<TargetFigure, Target>>>;

/** Targets without any in the file. */
export const DEFAULT_TARGETS: Targets = {
  p95: { excellent: 100, good: 300 },
  queries: { excellent: 5, good: 20 },
};

/** An endpoint that is measured. */
export interface Endpoint {
  /** `GET /orders/7`, or a name of the file. The same in a baseline. */
  readonly name: string;
  readonly method: string;
  /** An absolute address. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The status that is expected; undefined: any below 400. */
  readonly status: number | undefined;
  readonly targets: Targets;
}

/** Something has prevented the measurement. Its message is for the user. */
export class BenchError extends Error {
  override readonly name = "BenchError";
}
