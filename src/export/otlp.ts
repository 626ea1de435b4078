import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { OtlpConfig } from "../config/config.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Sender } from "./sender.ts";

export declare function createSpanSender(
  config: OtlpConfig,
  diagnostics: Diagnostics,
): Sender<ReadableSpan[]>;

export declare function createLogSender(
  config: OtlpConfig,
  diagnostics: Diagnostics,
): Sender<ReadableLogRecord[]>;

export declare function createMetricSender(
  config: OtlpConfig,
  diagnostics: Diagnostics,
): Sender<ResourceMetrics>;
