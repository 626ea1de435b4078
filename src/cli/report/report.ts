import type { ReportKind, ReportPeriods } from "./period.ts";
import type { Point } from "../prometheus/prometheus-api.ts";
import type { Quantile } from "./quantile.ts";

/** A figure of the period, and of the one before. Undefined: there is no data. */
export interface Compared<Value> {
  readonly now: Value | undefined;
  readonly before: Value | undefined;
}

/** An objective of `telltale slo`, or of Sloth. */
export interface ObjectiveFigures {
  readonly id: string;
  /** What has a budget of its own, such as a route. */
  readonly part: string;
  /** The part of the events that has to be good, from 0 to 1. */
  readonly objective: number | undefined;
  /** The part of the events of the period that was good. */
  readonly compliance: Compared<number>;
  /** The error budget of the objective that is left at the end of the period: 1 is all of it. */
  readonly budgetLeft: Compared<number>;
}

export interface RouteFigures {
  /** `GET /orders/:id`. */
  readonly route: string;
  readonly requests: Compared<number>;
  /** Responses of 5xx. */
  readonly failed: Compared<number>;
  readonly p95: Compared<Quantile>;
}

export interface Deployment {
  readonly time: Date;
  readonly version: string;
  readonly environment: string | undefined;
  /** Whether it is known by `telltale deploy`, or because the version has changed. */
  readonly source: "telltale deploy" | "version change";
}

export interface ServiceFigures {
  /** The label `job`. */
  readonly service: string;
  readonly objectives: readonly ObjectiveFigures[];
  readonly requests: Compared<number>;
  readonly failed: Compared<number>;
  readonly p50: Compared<Quantile>;
  readonly p95: Compared<Quantile>;
  readonly p99: Compared<Quantile>;
  readonly slowest: readonly RouteFigures[];
  readonly failing: readonly RouteFigures[];
  /** By type. Undefined: the service has no data at all. */
  readonly exceptions: readonly (Compared<number> & { readonly type: string })[] | undefined;
  readonly deployments: readonly Deployment[];
  /** By signal. Undefined: nothing is known. */
  readonly telemetry: readonly TelemetryFigures[] | undefined;
  readonly charts: ServiceCharts;
}

export interface TelemetryFigures {
  readonly signal: string;
  readonly created: number;
  readonly dropped: number;
}

/** Values by hour. */
export interface ServiceCharts {
  readonly requests: readonly Point[];
  readonly failed: readonly Point[];
  /** In seconds. */
  readonly p95: readonly Point[];
}

export interface FiredAlert {
  readonly name: string;
  readonly severity: string | undefined;
  /** The service that the alert has as a label. */
  readonly service: string | undefined;
  readonly times: number;
  readonly seconds: number;
  readonly isFiringAtEnd: boolean;
}

export interface Report extends ReportPeriods {
  readonly kind: ReportKind;
  readonly services: readonly ServiceFigures[];
  readonly alerts: readonly FiredAlert[];
}
