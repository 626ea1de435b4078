import type { Resource } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { BatchConfig } from "../config/config.ts";
import { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import { BatchProcessor } from "../export/batch-processor.ts";
import type { EncodedItem } from "../export/otlp/encoded-item.ts";
import {
  createLogExporter,
  createMetricExporter,
  createSpanExporter,
} from "../export/otlp/exporter.ts";
import { encodeRecordWith, encodeSpanWith } from "../export/otlp/otlp-protobuf.ts";
import type { Pipeline } from "../export/pipeline.ts";
import type { ExportResult, TelemetryExporter } from "../export/telemetry-exporter.ts";
import { HeldSpans } from "./held-spans.ts";
import { viewerAttributesOf } from "./span-data.ts";
import { QUIET, TIMEOUT_MS, VIEWER_RETRY, type ViewerConnection } from "./viewer-connection.ts";

/** Short, so that a request is soon on the page, and not shorter: each export costs CPU time. */
const batchConfig: BatchConfig = {
  delayMs: 500,
  maxQueueSize: 8192,
  maxBatchSize: 512,
  exportTimeoutMs: TIMEOUT_MS,
};

/** A log record that is created when it is encoded. */
interface LazyLogRecord {
  readonly severityNumber?: number | undefined;
  toRecord(): ReadableLogRecord;
}

/** `SeverityNumber.ERROR` of OpenTelemetry. */
const ERROR_SEVERITY = 17;
/** `SpanStatusCode.ERROR` of the API. */
const STATUS_ERROR = 2;

/** Whether the event of a stall may still be added to a span. */
interface PendingStalls {
  readonly isPending: boolean;
}

const NOTHING_SENT: ExportResult = { delivered: true, rejected: 0, retryAfterMs: 0 };

/**
 * Exports all spans and log records to the viewer, beside the configured exporters, and
 * with counters of its own: what others get and count is not affected.
 */
export class ViewerExport implements SpanProcessor {
  readonly #connection: ViewerConnection;
  readonly #resource: Resource;
  /** Whether there was a span or a log record. */
  #hasWorked = false;
  readonly #spanCounters = new SignalCounters();
  readonly #logCounters = new SignalCounters();
  readonly #spans: BatchProcessor<ReadableSpan, EncodedItem>;
  readonly #logs: BatchProcessor<LazyLogRecord, EncodedItem>;
  readonly #held: HeldSpans<ReadableSpan>;
  readonly #stalls: PendingStalls | undefined;

  /** @param stalls undefined where none are watched */
  constructor(connection: ViewerConnection, resource: Resource, stalls: PendingStalls | undefined) {
    this.#connection = connection;
    this.#stalls = stalls;
    this.#resource = resource;
    const shared = {
      config: batchConfig,
      diagnostics: QUIET,
      release: ({ buffer }: EncodedItem): void => buffer.release(),
    };
    this.#spans = new BatchProcessor({
      ...shared,
      name: "spans",
      counters: this.#spanCounters,
      encode: (span) => encodeSpanWith(span, resource, viewerAttributesOf(span)),
      isPreferred: ({ status }) => status.code === STATUS_ERROR,
      createExporter: () =>
        connection.watch(createSpanExporter(connection.otlp("traces"), QUIET, VIEWER_RETRY)),
    });
    this.#held = new HeldSpans((span) => this.#addSpan(span));
    this.#logs = new BatchProcessor({
      ...shared,
      name: "log records",
      counters: this.#logCounters,
      encode: (source) => encodeRecordWith(source.toRecord(), resource),
      isPreferred: ({ severityNumber = 0 }) => severityNumber >= ERROR_SEVERITY,
      createExporter: () =>
        connection.watch(createLogExporter(connection.otlp("logs"), QUIET, VIEWER_RETRY)),
    });
  }

  get pipelines(): readonly Pipeline[] {
    const held = this.#held;
    const spans = this.#spans;
    return [
      {
        flush(timeoutMs) {
          held.releaseAll();
          return spans.flush(timeoutMs);
        },
        drainForExit() {
          held.releaseAll();
          return spans.drainForExit();
        },
      },
      this.#logs,
    ];
  }

  hasUnsent(): boolean {
    return this.#held.count + this.#spans.queued + this.#logs.queued > 0;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    this.#hasWorked = true;
    if (this.#stalls?.isPending === true) this.#held.add(span);
    else this.#addSpan(span);
  }

  #addSpan(span: ReadableSpan): void {
    add(this.#spans, this.#spanCounters, span, this.#connection.isPaused);
  }

  /** Adds a log record. Never throws. */
  addRecord(record: LazyLogRecord): void {
    this.#hasWorked = true;
    add(this.#logs, this.#logCounters, record, this.#connection.isPaused);
  }

  /**
   * Returns what exports metrics, for the reader of the metrics' pipeline. Those of a process
   * that does no work are not sent: npm, nodemon and `node --watch` are preloaded too, and
   * are no runs of the app.
   */
  createMetricExporter(): TelemetryExporter<ResourceMetrics> {
    const { otlp } = this.#connection;
    const config = otlp.call(this.#connection, "metrics");
    const inner = this.#connection.watch(createMetricExporter(config, QUIET, VIEWER_RETRY));
    const ofRun = (metrics: ResourceMetrics): ResourceMetrics => ({
      ...metrics,
      resource: this.#resource,
    });
    return {
      export: async (metrics, timeoutMs) =>
        this.#hasWorked ? inner.export(ofRun(metrics), timeoutMs) : NOTHING_SENT,
      cancel: () => inner.cancel(),
      createExitRequest: (metrics, onResult) =>
        this.#hasWorked ? inner.createExitRequest(ofRun(metrics), onResult) : undefined,
    };
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.pipelines.map((one) => one.flush(batchConfig.exportTimeoutMs)));
  }

  shutdown(): Promise<void> {
    return this.forceFlush();
  }
}

/** Queues an item; drops it while the viewer does not answer. */
function add<Item>(
  batch: BatchProcessor<Item, EncodedItem>,
  counters: SignalCounters,
  item: Item,
  isPaused: boolean,
): void {
  counters.created++;
  if (isPaused) counters.drop("failed", 1);
  else batch.add(item);
}
