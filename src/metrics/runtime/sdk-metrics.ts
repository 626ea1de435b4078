import type { Attributes, BatchObservableResult, Observable } from "@opentelemetry/api";
import type { BatchConfig, Config, OtlpProtocol } from "../../config/config.ts";
import type {
  SignalCounters,
  TelemetryCounters,
  DropReason,
  SignalName,
} from "../../diagnostics/telemetry-counters.ts";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";

/**
 * Our own accounts, twice: in the words of the conventions, for
 * dashboards that know them, and as the one equation that holds for every signal,
 * created = sent + dropped + queued.
 *
 * https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
 */
export function observeSdkMetrics(
  meter: StoreMeter,
  config: Config,
  counters: TelemetryCounters,
): void {
  observeTelemetryCounters(meter, counters);
  const { traces, logs, metrics } = config;
  observeExporter(meter, exporterComponent("span", traces.otlp.protocol), counters.spans);
  observeExporter(meter, exporterComponent("log", logs.otlp.protocol), counters.logs);
  observeExporter(
    meter,
    exporterComponent("metric_data_point", metrics.otlp.protocol),
    counters.metrics,
  );
  observeProcessor(meter, "span", traces.batch, counters.spans);
  observeProcessor(meter, "log", logs.batch, counters.logs);
  createCounter(
    meter,
    "otel.sdk.log.created",
    "The number of log records submitted to enabled loggers.",
    "{log_record}",
  ).addCallback((result) => result.observe(counters.logs.created));
}

const signals: readonly SignalName[] = ["spans", "logs", "metrics", "events"];

function observeTelemetryCounters(meter: StoreMeter, counters: TelemetryCounters): void {
  const created = createCounter(
    meter,
    "telltale.telemetry.created",
    "Items of telemetry that were made.",
    "{item}",
  );
  const sent = createCounter(
    meter,
    "telltale.telemetry.sent",
    "Items that their receiver has taken.",
    "{item}",
  );
  const dropped = createCounter(
    meter,
    "telltale.telemetry.dropped",
    "Items that are lost, by reason.",
    "{item}",
  );
  const queued = createUpDownCounter(
    meter,
    "telltale.telemetry.queued",
    "Items that wait or are under way.",
    "{item}",
  );
  meter.addBatchObservableCallback(
    (result) => {
      for (const signal of signals) {
        const signalCounters = counters[signal];
        const attributes = { "telltale.signal": signal };
        result.observe(created, signalCounters.created, attributes);
        result.observe(sent, signalCounters.sent, attributes);
        result.observe(queued, signalCounters.queued, attributes);
        observeDrops(result, dropped, signalCounters, attributes);
      }
    },
    [created, sent, dropped, queued],
  );
}

function observeDrops(
  result: BatchObservableResult,
  dropped: Observable,
  counters: SignalCounters,
  attributes: Attributes,
): void {
  for (const [reason, count] of Object.entries(counters.dropped)) {
    result.observe(dropped, count, { ...attributes, "telltale.reason": reason });
  }
}

type ItemType = "span" | "log" | "metric_data_point";

/** The conventions' units. */
const units: Readonly<Record<ItemType, string>> = {
  span: "{span}",
  log: "{log_record}",
  metric_data_point: "{data_point}",
};

interface ExporterComponent {
  readonly item: ItemType;
  readonly attributes: Attributes;
}

/** `otel.component.type` names protocol and signal. */
function exporterComponent(item: ItemType, protocol: OtlpProtocol): ExporterComponent {
  const transport = {
    "http/protobuf": "otlp_http",
    "http/json": "otlp_http_json",
    grpc: "otlp_grpc",
  };
  const signal = item === "metric_data_point" ? "metric" : item;
  return { item, attributes: componentAttributes(`${transport[protocol]}_${signal}_exporter`) };
}

function componentAttributes(type: string): Attributes {
  return { "otel.component.type": type, "otel.component.name": `${type}/0` };
}

/** What was dropped after the exporter had it. */
const exportFailures: readonly DropReason[] = ["rejected", "failed", "shutdown"];

function observeExporter(
  meter: StoreMeter,
  { item, attributes }: ExporterComponent,
  counters: SignalCounters,
): void {
  const name = `otel.sdk.exporter.${item}.exported`;
  createCounter(
    meter,
    name,
    "Items for which the export has finished, successful or failed.",
    units[item],
  ).addCallback((result) => {
    result.observe(counters.sent, attributes);
    for (const reason of exportFailures) {
      result.observe(counters.dropped[reason], { ...attributes, "error.type": reason });
    }
  });
}

function observeProcessor(
  meter: StoreMeter,
  item: "span" | "log",
  batch: BatchConfig,
  counters: SignalCounters,
): void {
  const attributes = componentAttributes(`batching_${item}_processor`);
  const name = `otel.sdk.processor.${item}`;
  createCounter(
    meter,
    `${name}.processed`,
    "Items for which the processing has finished, successful or failed.",
    units[item],
  ).addCallback((result) => {
    let exported = counters.sent;
    for (const reason of exportFailures) exported += counters.dropped[reason];
    result.observe(exported, attributes);
    const full: DropReason = "queue_full";
    result.observe(counters.dropped[full], { ...attributes, "error.type": full });
  });
  createUpDownCounter(
    meter,
    `${name}.queue.size`,
    "Items in the queue, those under way included.",
    units[item],
  ).addCallback((result) => result.observe(counters.queued, attributes));
  createUpDownCounter(
    meter,
    `${name}.queue.capacity`,
    "The most items that the queue can hold.",
    units[item],
  ).addCallback((result) => result.observe(batch.maxQueueSize, attributes));
}

function createCounter(
  meter: StoreMeter,
  name: string,
  description: string,
  unit: string,
): Observable {
  return meter.createObservableCounter(name, { description, unit, valueType: INT });
}

function createUpDownCounter(
  meter: StoreMeter,
  name: string,
  description: string,
  unit: string,
): Observable {
  return meter.createObservableUpDownCounter(name, { description, unit, valueType: INT });
}
