import type { LogRecord as ApiRecord, LoggerProvider } from "@opentelemetry/api";
import {
  BatchLogRecordProcessor,
  ConsoleLogRecordExporter,
  type LogRecordProcessor,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import type { FurtherExport } from "../config/config.ts";
import { ROOT_CONTEXT } from "../context/context.ts";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import { runWithDeadline } from "../export/deadline.ts";
import type { LogRecordSource } from "../logs/log-record.ts";
import type { ExportOutput } from "../logs/logs.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { NonRecordingSpan } from "../traces/non-recording-span.ts";
import { createLogExporter, exitRequests } from "./otlp-exporters.ts";
import { OutstandingItems } from "./outstanding-items.ts";
import type { SdkDeps } from "./sdk-deps.ts";

/** The SDK's processors of log records. */
export class SdkLogProcessors {
  readonly all: readonly LogRecordProcessor[];
  readonly outstanding: OutstandingItems<ReadableLogRecord>[] = [];

  constructor(deps: SdkDeps) {
    const { exporters, further = [] } = deps.config.logs;
    const processors: LogRecordProcessor[] = [];
    if (exporters.includes("console"))
      processors.push(new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() }));
    if (exporters.includes("otlp"))
      processors.push(this.#exported(deps, deps.config.logs, deps.counters.logs));
    for (const config of further)
      processors.push(this.#exported(deps, config, new SignalCounters()));
    this.all = processors;
  }

  #exported(
    { diagnostics, unsent, redactor }: SdkDeps,
    { batch, otlp }: FurtherExport,
    counters: SignalCounters,
  ): LogRecordProcessor {
    const outstanding = new OutstandingItems<ReadableLogRecord>({
      ...{ name: "log records", config: batch, counters, diagnostics, unsent },
      exported: (record) => recordWithoutSecrets(record, redactor),
      createExitRequest: (records, onResult) => exitRequests.logs(otlp, records, onResult),
    });
    this.outstanding.push(outstanding);
    return batchProcessor({ batch, otlp }, outstanding);
  }
}

function batchProcessor(
  { batch, otlp }: FurtherExport,
  outstanding: OutstandingItems<ReadableLogRecord>,
): LogRecordProcessor {
  const processor = new BatchLogRecordProcessor({
    exporter: outstanding.exporter(createLogExporter(otlp)),
    maxQueueSize: batch.maxQueueSize,
    maxExportBatchSize: batch.maxBatchSize,
    scheduledDelayMillis: batch.delayMs,
    exportTimeoutMillis: batch.exportTimeoutMs,
  });
  return {
    onEmit(record: Parameters<LogRecordProcessor["onEmit"]>[0]) {
      if (outstanding.add(record)) processor.onEmit(record);
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

/**
 * Creates the way of records to the SDK: as an instrumentation would emit them, after the
 * processors of an extension.
 */
export function createLogOutput(
  provider: LoggerProvider & { forceFlush(): Promise<void> },
  { outstanding }: SdkLogProcessors,
): ExportOutput {
  return {
    sink: (source, isExportedByApp) => {
      if (isExportedByApp === true) return;
      const { instrumentationScope: scope } = source.toRecord();
      provider
        .getLogger(scope.name, scope.version, {
          ...(scope.schemaUrl !== undefined && { schemaUrl: scope.schemaUrl }),
          ...(scope.attributes !== undefined && { scopeAttributes: scope.attributes }),
        })
        .emit(apiRecordOf(source));
    },
    pipeline: {
      flush: (timeoutMs) => runWithDeadline(timeoutMs, () => provider.forceFlush().catch(() => {})),
      drainForExit: () => outstanding.flatMap((items) => items.drainForExit()),
    },
  };
}

function apiRecordOf(source: LogRecordSource): ApiRecord {
  const record = source.toRecord();
  const { spanContext, severityNumber, severityText, eventName } = record;
  return {
    timestamp: record.hrTime,
    observedTimestamp: record.hrTimeObserved,
    ...(severityNumber !== undefined && { severityNumber }),
    ...(severityText !== undefined && { severityText }),
    ...(eventName !== undefined && { eventName }),
    body: record.body,
    attributes: record.attributes,
    context:
      spanContext === undefined
        ? ROOT_CONTEXT
        : ROOT_CONTEXT.withSpan(new NonRecordingSpan(spanContext)),
  };
}

/** Returns a copy of a record without secrets. */
function recordWithoutSecrets(record: ReadableLogRecord, redactor: Redactor): ReadableLogRecord {
  const { hrTime, hrTimeObserved, spanContext, severityText, severityNumber, eventName } = record;
  const { resource, instrumentationScope, droppedAttributesCount } = record;
  const requestId = record.attributes["telltale.request.id"];
  return {
    ...{ hrTime, hrTimeObserved, resource, instrumentationScope, droppedAttributesCount },
    ...(spanContext !== undefined && { spanContext }),
    ...(severityText !== undefined && { severityText }),
    ...(severityNumber !== undefined && { severityNumber }),
    ...(eventName !== undefined && { eventName }),
    body: redactor.field("", record.body),
    attributes: {
      ...redactor.attributes(record.attributes),
      ...(requestId !== undefined && { "telltale.request.id": requestId }),
    },
  };
}
