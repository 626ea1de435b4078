import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BatchConfig, OtlpConfig } from "../../src/config/config.ts";
import { SignalCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { createSpanProcessor } from "../../src/export/item-processors.ts";
import type { ItemProcessor } from "../../src/export/pipeline.ts";
import type { RetryPolicy } from "../../src/export/connection/retry.ts";
import { makeSpan } from "./telemetry.ts";

export const noTls: OtlpConfig["tls"] = { ca: undefined, cert: undefined, key: undefined };

export function otlpConfig(url: string, changes: Partial<OtlpConfig> = {}): OtlpConfig {
  return {
    protocol: "http/protobuf",
    url: changes.protocol === "grpc" ? url : `${url}/v1/traces`,
    headers: {},
    timeoutMs: 10_000,
    compression: "none",
    insecure: false,
    tls: noTls,
    ...changes,
  };
}

export const batchConfig: BatchConfig = {
  maxQueueSize: 2048,
  maxBatchSize: 512,
  delayMs: 60_000,
  exportTimeoutMs: 30_000,
};

/** Short for a test, but long enough to be measured. */
const quickRetry: RetryPolicy = {
  attempts: 4,
  firstMs: 60,
  factor: 1.5,
  maxMs: 200,
  jitter: 0.2,
};

/** A pipeline for spans with its counters and log lines. */
export interface TestPipeline {
  readonly batch: ItemProcessor<ReadableSpan>;
  readonly counters: SignalCounters;
  readonly lines: string[];
  /** Creates and queues `count` spans. */
  addSpans(count: number): void;
}

export function createTestPipeline(
  config: OtlpConfig,
  changes: Partial<BatchConfig> = {},
  retry: RetryPolicy = quickRetry,
): TestPipeline {
  const lines: string[] = [];
  const diagnostics = new Diagnostics("info", (text) => lines.push(text));
  const counters = new SignalCounters();
  const batch = createSpanProcessor({
    config: { ...batchConfig, ...changes },
    otlp: config,
    counters,
    diagnostics,
    retry,
  });
  const addSpans = (count: number): void => {
    for (let index = 0; index < count; index++) {
      counters.created += 1;
      batch.add(makeSpan(index));
    }
  };
  return { batch, counters, lines, addSpans };
}

/** Returns all counts except zeros. */
export function nonZeroCounts(counters: SignalCounters): Record<string, number> {
  const all = { sent: counters.sent, queued: counters.queued, ...counters.dropped };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
}
