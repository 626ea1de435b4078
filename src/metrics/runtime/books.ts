import type { Attributes, BatchObservableResult, Observable } from "@opentelemetry/api";
import type { BatchConfig, Config, OtlpProtocol } from "../../config/config.ts";
import type { Account, Accounts, DropReason, SignalName } from "../../diagnostics/account.ts";
import { INT } from "../descriptor.ts";
import type { StoreMeter } from "../store-meter.ts";

/**
 * Our own accounts, twice: in the words of the conventions, for
 * dashboards that know them, and as the one equation that holds for every signal,
 * created = sent + dropped + queued.
 *
 * https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
 */
export function observeBooks(meter: StoreMeter, config: Config, accounts: Accounts): void {
  observeEquation(meter, accounts);
  const { traces, logs, metrics } = config;
  observeExporter(meter, exporterOf("span", traces.otlp.protocol), accounts.spans);
  observeExporter(meter, exporterOf("log", logs.otlp.protocol), accounts.logs);
  observeExporter(meter, exporterOf("metric_data_point", metrics.otlp.protocol), accounts.metrics);
  observeProcessor(meter, "span", traces.batch, accounts.spans);
  observeProcessor(meter, "log", logs.batch, accounts.logs);
  counter(
    meter,
    "otel.sdk.log.created",
    "The number of log records submitted to enabled loggers.",
    "{log_record}",
  ).addCallback((result) => result.observe(accounts.logs.made));
}

const signals: readonly SignalName[] = ["spans", "logs", "metrics", "events"];

function observeEquation(meter: StoreMeter, accounts: Accounts): void {
  const created = counter(
    meter,
    "telltale.telemetry.created",
    "Items of telemetry that were made.",
    "{item}",
  );
  const sent = counter(
    meter,
    "telltale.telemetry.sent",
    "Items that their receiver has taken.",
    "{item}",
  );
  const dropped = counter(
    meter,
    "telltale.telemetry.dropped",
    "Items that are lost, by reason.",
    "{item}",
  );
  const queued = state(
    meter,
    "telltale.telemetry.queued",
    "Items that wait or are under way.",
    "{item}",
  );
  meter.addBatchObservableCallback(
    (result) => {
      for (const signal of signals) {
        const account = accounts[signal];
        const attributes = { "telltale.signal": signal };
        result.observe(created, account.made, attributes);
        result.observe(sent, account.sent, attributes);
        result.observe(queued, account.queued, attributes);
        observeDrops(result, dropped, account, attributes);
      }
    },
    [created, sent, dropped, queued],
  );
}

function observeDrops(
  result: BatchObservableResult,
  dropped: Observable,
  account: Account,
  attributes: Attributes,
): void {
  for (const [reason, count] of Object.entries(account.dropped)) {
    result.observe(dropped, count, { ...attributes, "telltale.reason": reason });
  }
}

type Item = "span" | "log" | "metric_data_point";

/** The conventions' units. */
const units: Readonly<Record<Item, string>> = {
  span: "{span}",
  log: "{log_record}",
  metric_data_point: "{data_point}",
};

interface Exporter {
  readonly item: Item;
  readonly attributes: Attributes;
}

/** `otel.component.type` names protocol and signal. */
function exporterOf(item: Item, protocol: OtlpProtocol): Exporter {
  const transport = {
    "http/protobuf": "otlp_http",
    "http/json": "otlp_http_json",
    grpc: "otlp_grpc",
  };
  const signal = item === "metric_data_point" ? "metric" : item;
  return { item, attributes: component(`${transport[protocol]}_${signal}_exporter`) };
}

function component(type: string): Attributes {
  return { "otel.component.type": type, "otel.component.name": `${type}/0` };
}

/** What was dropped after the exporter had it. */
const exportFailures: readonly DropReason[] = ["rejected", "failed", "shutdown"];

function observeExporter(
  meter: StoreMeter,
  { item, attributes }: Exporter,
  account: Account,
): void {
  const name = `otel.sdk.exporter.${item}.exported`;
  counter(
    meter,
    name,
    "Items for which the export has finished, successful or failed.",
    units[item],
  ).addCallback((result) => {
    result.observe(account.sent, attributes);
    for (const reason of exportFailures) {
      result.observe(account.dropped[reason], { ...attributes, "error.type": reason });
    }
  });
}

function observeProcessor(
  meter: StoreMeter,
  item: "span" | "log",
  batch: BatchConfig,
  account: Account,
): void {
  const attributes = component(`batching_${item}_processor`);
  const name = `otel.sdk.processor.${item}`;
  counter(
    meter,
    `${name}.processed`,
    "Items for which the processing has finished, successful or failed.",
    units[item],
  ).addCallback((result) => {
    let passedOn = account.sent;
    for (const reason of exportFailures) passedOn += account.dropped[reason];
    result.observe(passedOn, attributes);
    const full: DropReason = "queue_full";
    result.observe(account.dropped[full], { ...attributes, "error.type": full });
  });
  state(
    meter,
    `${name}.queue.size`,
    "Items in the queue, those under way included.",
    units[item],
  ).addCallback((result) => result.observe(account.queued, attributes));
  state(
    meter,
    `${name}.queue.capacity`,
    "The most items that the queue can hold.",
    units[item],
  ).addCallback((result) => result.observe(batch.maxQueueSize, attributes));
}

function counter(meter: StoreMeter, name: string, description: string, unit: string): Observable {
  return meter.createObservableCounter(name, { description, unit, valueType: INT });
}

function state(meter: StoreMeter, name: string, description: string, unit: string): Observable {
  return meter.createObservableUpDownCounter(name, { description, unit, valueType: INT });
}
