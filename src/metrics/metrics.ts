import type { MeterProvider } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Config } from "../config/config.ts";
import type { Accounts } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Pipeline } from "../export/exit.ts";
import type { StoreMeter } from "./meter.ts";

export interface MetricsOptions {
  readonly config: Config;
  readonly resource: Resource;
  readonly accounts: Accounts;
  readonly diagnostics: Diagnostics;
}

/** The metrics pipeline: one store, read by the Prometheus page and by OTLP. */
export interface Metrics extends Pipeline {
  /** For the API's global: every app's and library's instruments land in the store. */
  readonly provider: MeterProvider;
  /** Ours: the API's `Meter`, whose synchronous instruments also have `bind(attributes)`. */
  readonly meter: StoreMeter;
  /** Starts the runtime metrics and the periodic export; returns at once. */
  start(): void;
  /** Everything that is in the store, cumulative. Observables whose callback is asynchronous are left out. */
  collect(): ResourceMetrics;
  /**
   * The Prometheus page.
   *
   * @param accept the request's `Accept` header, for the negotiation of the format.
   * @returns undefined if the Prometheus exporter is not configured.
   * @throws if the collection fails.
   */
  text(accept: string | undefined): Promise<MetricsPage | undefined>;
}

export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

export declare function createMetrics(options: MetricsOptions): Metrics;
