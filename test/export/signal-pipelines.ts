import type { MetricReader } from "@opentelemetry/sdk-metrics";
import type { OtlpConfig } from "../../src/config/config.ts";
import { SignalCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { createLogProcessor, createSpanProcessor } from "../../src/export/item-processors.ts";
import { createMetricExporter } from "../../src/export/otlp/exporter.ts";
import type { RetryPolicy } from "../../src/export/connection/retry.ts";
import { PeriodicReader } from "../../src/metrics/periodic-reader.ts";
import { batchConfig } from "./test-pipeline.ts";
import { collectMetrics, makeLog, makeSpan } from "./telemetry.ts";

/** The pipeline of any signal. */
export interface SignalPipeline {
  readonly counters: SignalCounters;
  readonly lines: string[];
  /** Number of items that are queued or in flight, independent of the counters. */
  readonly queued: number;
  /** Creates and exports `ITEM_COUNT` items (for metrics: one collection). */
  send(): Promise<void>;
}

export const ITEM_COUNT = 3;

type CreateSignalPipeline = (otlp: OtlpConfig, retry: RetryPolicy) => SignalPipeline;

/** The pipelines of all signals. */
export const signalPipelines: Readonly<Record<string, CreateSignalPipeline>> = {
  spans: (otlp, retry) => {
    const shared = createSharedOptions(otlp, retry);
    const batch = createSpanProcessor(shared);
    return toSignalPipeline(shared, batch, () => {
      for (let index = 0; index < ITEM_COUNT; index++) batch.add(makeSpan(index));
      shared.counters.created += ITEM_COUNT;
    });
  },
  "log records": (otlp, retry) => {
    const shared = createSharedOptions(otlp, retry);
    const batch = createLogProcessor(shared);
    return toSignalPipeline(shared, batch, () => {
      for (let index = 0; index < ITEM_COUNT; index++)
        batch.add({ toRecord: () => makeLog(index) });
      shared.counters.created += ITEM_COUNT;
    });
  },
  "data points": (otlp, retry) => {
    const { counters, diagnostics, lines } = createSharedOptions(otlp, retry);
    const push = new PeriodicReader({
      intervalMs: 60_000,
      timeoutMs: batchConfig.exportTimeoutMs,
      counters,
      diagnostics,
      createExporter: () => createMetricExporter(otlp, diagnostics, retry),
      collect: async (): ReturnType<MetricReader["collect"]> => ({
        resourceMetrics: await collectMetrics(),
        errors: [],
      }),
      collectNow: () => {
        throw new Error("not expected");
      },
    });
    return toSignalPipeline({ counters, lines }, push, () => {});
  },
};

interface SharedOptions {
  readonly config: typeof batchConfig;
  readonly otlp: OtlpConfig;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  readonly retry: RetryPolicy;
  readonly lines: string[];
}

function createSharedOptions(otlp: OtlpConfig, retry: RetryPolicy): SharedOptions {
  const lines: string[] = [];
  const diagnostics = new Diagnostics("info", (text) => lines.push(text));
  return { config: batchConfig, otlp, counters: new SignalCounters(), diagnostics, retry, lines };
}

function toSignalPipeline(
  { counters, lines }: Pick<SharedOptions, "counters" | "lines">,
  pipeline: { readonly queued: number; flush(timeoutMs: number): Promise<void> },
  make: () => void,
): SignalPipeline {
  return {
    counters,
    lines,
    get queued() {
      return pipeline.queued;
    },
    send: async () => {
      make();
      await pipeline.flush(20_000);
    },
  };
}
