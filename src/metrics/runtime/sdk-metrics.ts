import type { Attributes, BatchObservableResult, Observable } from "@opentelemetry/api";
import type { BatchConfig, Config, OtlpProtocol } from "../../config/config.ts";
import type {
  EventCounters,
  SignalCounters,
  TelemetryCounters,
  DropReason,
  SignalName,
} from "../../diagnostics/telemetry-counters.ts";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";

/**
 * Observes the telemetry counters, twice: as the conventions' metrics, for dashboards
 * that use them, and as the equation that holds for every signal,
 * created = sent + dropped + queued.
 *
 * https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
 */
export function observeSdkMetrics(
  meter: StoreMeter,
  config: Config,
  counters: TelemetryCounters,
): void {
  observeTelemetryCounters(meter, countersOf(config, counters));
  const { traces, logs, metrics, errors } = config;
  if (errors.dsn !== undefined && errors.exportsTraces)
    observeEventTraces(meter, counters.events.traces);
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
    "The number of log records submitted to an enabled `Logger`.",
    "{log_record}",
  ).addCallback((result) => result.observe(counters.logs.created));
}

type SignalRow = readonly [SignalName, SignalCounters];

/** Returns the counters of all signals that there are. */
function countersOf(
  { logs, profiling }: Config,
  counters: TelemetryCounters,
): readonly SignalRow[] {
  const signals: readonly SignalName[] = [
    ...(["spans", "logs", "metrics", "events"] as const),
    ...(logs.files === undefined ? [] : (["log_lines"] as const)),
    ...(profiling?.continuous === undefined ? [] : (["profiles"] as const)),
  ];
  return signals.map((signal) => [signal, counters[signal]]);
}

function observeTelemetryCounters(meter: StoreMeter, signals: readonly SignalRow[]): void {
  const created = createCounter(
    meter,
    "telltale.telemetry.created",
    "The number of telemetry items created.",
    "{item}",
  );
  const sent = createCounter(
    meter,
    "telltale.telemetry.sent",
    "The number of telemetry items accepted by their receiver.",
    "{item}",
  );
  const dropped = createCounter(
    meter,
    "telltale.telemetry.dropped",
    "The number of telemetry items dropped, by reason.",
    "{item}",
  );
  const queued = createUpDownCounter(
    meter,
    "telltale.telemetry.queued",
    "The number of telemetry items queued or in flight.",
    "{item}",
  );
  observeBusyTime(meter, signals);
  meter.addBatchObservableCallback(
    (result) => {
      for (const [signal, signalCounters] of signals) {
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

/** Observes what telltale's exports cost the app's thread. */
function observeBusyTime(meter: StoreMeter, signals: readonly SignalRow[]): void {
  const exported = signals.filter(([signal]) => signal !== "events" && signal !== "log_lines");
  meter
    .createObservableCounter("telltale.telemetry.time", {
      description:
        "Time in which the collection, encoding and sending of telemetry kept the event loop busy.",
      unit: "s",
    })
    .addCallback((result) => {
      for (const [signal, { busyMs }] of exported)
        result.observe(busyMs / 1000, { "telltale.signal": signal });
    });
}

function observeDrops(
  result: BatchObservableResult,
  dropped: Observable,
  counters: SignalCounters,
  attributes: Attributes,
): void {
  for (const [reason, count] of Object.entries(counters.dropped)) {
    result.observe(dropped, count, { ...attributes, "telltale.drop.reason": reason });
  }
}

function observeEventTraces(meter: StoreMeter, traces: EventCounters["traces"]): void {
  createCounter(
    meter,
    "telltale.event.traces",
    "The number of Sentry events that refer to a trace, by what is exported of it.",
    "{event}",
  ).addCallback((result) => {
    for (const [coverage, count] of Object.entries(traces))
      result.observe(count, { "telltale.trace.coverage": coverage });
  });
}

type ItemType = "span" | "log" | "metric_data_point";

/** The conventions' units. */
const units: Readonly<Record<ItemType, string>> = {
  span: "{span}",
  log: "{log_record}",
  metric_data_point: "{data_point}",
};

/** The plural that the conventions' descriptions use. */
const nouns: Readonly<Record<ItemType, string>> = {
  span: "spans",
  log: "log records",
  metric_data_point: "metric data points",
};

/** The name that the conventions' description of the queue's capacity uses. */
const processorNames: Readonly<Record<"span" | "log", string>> = {
  span: "span processor",
  log: "Log Record processor",
};

interface ExporterComponent {
  readonly item: ItemType;
  readonly attributes: Attributes;
}

/** Returns the component of an exporter, whose `otel.component.type` has protocol and signal. */
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

/** The reasons for drops that the exporter counts. */
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
    `The number of ${nouns[item]} for which the export has finished, either successful or failed.`,
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
    `The number of ${nouns[item]} for which the processing has finished, either successful or failed.`,
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
    `The number of ${nouns[item]} in the queue of a given instance of an SDK ${item} processor.`,
    units[item],
  ).addCallback((result) => result.observe(counters.queued, attributes));
  createUpDownCounter(
    meter,
    `${name}.queue.capacity`,
    `The maximum number of ${nouns[item]} the queue of a given instance of an SDK ${processorNames[item]} can hold.`,
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
