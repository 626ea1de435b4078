import * as table from "../../variables.ts";
import type { BatchVariables, Signal, Variable } from "../../variables.ts";
import type { FileMap, FileNode } from "../document.ts";
import { at, type Component, componentAt, itemsAt, scalarAt, textAt } from "../nodes.ts";
import { type FileSettings, formatPairs, type Place } from "../settings.ts";

/** The variables of a signal whose records are processed one by one. */
export interface ProcessedSignal {
  readonly signal: "traces" | "logs";
  readonly exporter: Variable;
  readonly batch: BatchVariables;
}

/** Reads the processors of spans or log records with their exporters. */
export function mapProcessors(
  provider: FileMap | undefined,
  { signal, exporter, batch }: ProcessedSignal,
  settings: FileSettings,
): void {
  const names = new ExporterNames(settings);
  for (const item of itemsAt(provider, "processors")) {
    const processor = componentAt(item);
    const component = componentAt(processor?.options, "exporter");
    if (processor === undefined || component === undefined) continue;
    const own = names.add(component, signal);
    if (own === undefined || !isOtlp(component)) continue;
    mapOtlp(component, signal, own);
    mapBatch(processor, batch, own);
  }
  names.set(exporter, provider);
}

/** Collects the exporters of a signal. */
export class ExporterNames {
  readonly #names = new Set<string>();
  readonly #settings: FileSettings;

  constructor(settings: FileSettings) {
    this.#settings = settings;
  }

  /**
   * Adds an exporter.
   *
   * @returns the settings of the exporter; undefined for one that is there already, which
   *   is reported. Only OTLP may have several.
   */
  add(component: Component, signal: Signal): FileSettings | undefined {
    const name = isOtlp(component) ? "otlp" : component.name.replace(/\/development$/, "");
    if (!this.#names.has(name)) {
      this.#names.add(name);
      return this.#settings;
    }
    if (name === "otlp") return this.#settings.addExporter(signal);
    const reason = `there is one ${name} exporter for each signal, and another one is used`;
    this.#settings.report(component.options, `has no effect: ${reason}`);
    return undefined;
  }

  /** Sets the variable of the exporters. Without any, none is used. */
  set(variable: Variable, provider: FileMap | undefined): void {
    const place = provider ?? { line: 1, path: "" };
    this.#settings.set(variable, place, [...this.#names].join(",") || "none");
  }
}

export function isOtlp({ name }: Component): boolean {
  return name === "otlp_http" || name === "otlp_grpc";
}

function mapBatch(
  { name, options }: Component,
  batch: BatchVariables,
  settings: FileSettings,
): void {
  // A simple processor exports without a delay.
  if (name === "simple") settings.set(batch.scheduleDelay, options, "0");
  settings.take(batch.scheduleDelay, scalarAt(options, "schedule_delay"));
  settings.take(batch.exportTimeout, scalarAt(options, "export_timeout"));
  settings.take(batch.maxQueueSize, scalarAt(options, "max_queue_size"));
  settings.take(batch.maxExportBatchSize, scalarAt(options, "max_export_batch_size"));
}

/** Reads the options of an OTLP exporter. */
export function mapOtlp(component: Component, signal: Signal, settings: FileSettings): void {
  const { options } = component;
  const rows = table.otlpBySignal[signal];
  settings.set(rows.protocol, options, protocolOf(component));
  settings.take(rows.endpoint, scalarAt(options, "endpoint"));
  settings.take(rows.timeout, scalarAt(options, "timeout"));
  settings.take(rows.compression, scalarAt(options, "compression"));
  settings.take(rows.ca, scalarAt(options, "tls", "ca_file"));
  settings.take(rows.key, scalarAt(options, "tls", "key_file"));
  settings.take(rows.cert, scalarAt(options, "tls", "cert_file"));
  settings.take(rows.insecure, scalarAt(options, "tls", "insecure"));
  mapHeaders(options, rows.headers, settings);
}

function protocolOf({ name, options }: Component): string {
  if (name === "otlp_grpc") return "grpc";
  return textAt(options, "encoding") === "json" ? "http/json" : "http/protobuf";
}

/** Headers of the map follow those of the list, which they override. */
function mapHeaders(options: FileNode, variable: Variable, settings: FileSettings): void {
  const list = scalarAt(options, "headers_list");
  const pairs = itemsAt(options, "headers").flatMap((item): (readonly [string, string])[] => {
    const name = textAt(item, "name");
    const value = textAt(item, "value");
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  const texts = [String(list?.value ?? ""), formatPairs(pairs)].filter((text) => text !== "");
  const place: Place | undefined = list ?? at(options, "headers");
  if (texts.length > 0 && place !== undefined) settings.set(variable, place, texts.join(","));
}
