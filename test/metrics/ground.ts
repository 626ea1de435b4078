import type { Config, ExemplarFilter } from "../../src/config/config.ts";
import { exampleRules } from "../../src/metrics/exemplars.ts";
import { configFrom } from "../../src/config/parse.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { createAccounts, type Accounts } from "../../src/diagnostics/account.ts";
import { environmentOf } from "../../src/env.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { View } from "../../src/metrics/points.ts";
import { Store } from "../../src/metrics/store.ts";
import type { DataPoint, Histogram, MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";

export const resource: Resource = resourceFromAttributes({ "service.name": "shop" });

/** A store, what it said, and a way to look. */
export interface Ground {
  readonly store: Store;
  readonly lines: string[];
  readonly take: (view?: View) => ResourceMetrics;
}

export function createGround(exemplars: ExemplarFilter = "trace_based"): Ground {
  const lines: string[] = [];
  const diagnostics = new Diagnostics("debug", (text) => lines.push(text));
  const store = new Store(resource, diagnostics, exampleRules[exemplars]);
  const own = new View("cumulative", store.began);
  return { store, lines, take: (view = own) => store.collectNow(view) };
}

/** The whole pipeline under an environment. */
export function createPipeline(variables: Readonly<Record<string, string>> = {}): {
  readonly metrics: Metrics;
  readonly accounts: Accounts;
  readonly config: Config;
  readonly diagnostics: Diagnostics;
  readonly lines: string[];
} {
  const lines: string[] = [];
  const { config } = configFrom(environmentOf(variables));
  const diagnostics = new Diagnostics("debug", (text) => lines.push(text));
  const accounts = createAccounts();
  const metrics = createMetrics({ config, resource, accounts, diagnostics });
  return { metrics, accounts, config, diagnostics, lines };
}

/** One metric by its name, whatever scope it is of. */
export function metricOf(collected: ResourceMetrics, name: string): MetricData {
  const found = collected.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .find(({ descriptor }) => descriptor.name === name);
  if (found === undefined) throw new Error(`there is no metric ${name}`);
  return found;
}

export function numbersOf(collected: ResourceMetrics, name: string): readonly DataPoint<number>[] {
  return metricOf(collected, name).dataPoints as DataPoint<number>[];
}

export function histogramsOf(
  collected: ResourceMetrics,
  name: string,
): readonly DataPoint<Histogram>[] {
  return metricOf(collected, name).dataPoints as DataPoint<Histogram>[];
}

/** Names of all metrics that have data. */
export function namesOf(collected: ResourceMetrics): string[] {
  return collected.scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor }) => descriptor.name),
  );
}
