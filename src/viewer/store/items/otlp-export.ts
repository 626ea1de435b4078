import type { OtlpSignal } from "../../../otlp/decode.ts";
import { asText } from "../../../otlp/fields.ts";
import type { JsonObject } from "../../../otlp/protobuf.ts";
import type { History } from "../history/history.ts";
import { batchText } from "./loose-items.ts";
import { millisecondsOf } from "../units/milliseconds.ts";
import { idOfItem, itemsOf, type OtlpItem, Origins } from "./otlp-items.ts";
import { requestOf, requestText } from "./otlp-request.ts";
import type { Traces } from "../traces.ts";

export interface ExportSource {
  readonly traces: Traces;
  readonly history: History;
}

/**
 * Exports traces, one line of OTLP JSON each, the oldest first; the order depends on
 * nothing but the content, so that an export of an import is equal. The files are those
 * of the Collector's file exporter, which its `otlpjsonfile` receiver reads.
 *
 * @param isEverything whether to export what is in no trace too
 */
export function* exportLines(
  source: ExportSource,
  signal: OtlpSignal,
  traceIds: readonly string[],
  isEverything: boolean,
): Generator<string> {
  if (signal !== "metrics") yield* traceLines(source, signal, traceIds);
  if (isEverything && signal !== "traces") yield* batchLines(source, signal);
}

/** As one text, an export has at most 512 MB in V8; as objects it needs several times as much. */
const MAX_MERGED_LENGTH = 100_000_000;

/** An export is too large for one request. */
export class ExportSizeError extends Error {
  override readonly name = "ExportSizeError";

  constructor() {
    super(
      "The export has more than 100 MB. Select fewer requests, for example those of one run (run=current).",
    );
  }
}

/**
 * Returns lines of one signal as one request, in which resources and scopes do not repeat.
 *
 * @throws ExportSizeError
 */
export function mergeLines(
  signal: OtlpSignal,
  lines: Iterable<string>,
  maxLength: number = MAX_MERGED_LENGTH,
): JsonObject {
  const origins = new Origins();
  const items: OtlpItem[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length;
    if (length > maxLength) throw new ExportSizeError();
    for (const item of itemsOf(signal, JSON.parse(line) as JsonObject, origins)) items.push(item);
  }
  return requestOf(signal, items);
}

function* traceLines(
  { traces, history }: ExportSource,
  signal: "traces" | "logs",
  traceIds: readonly string[],
): Generator<string> {
  const startOf = (traceId: string): number =>
    Math.min(
      ...traces
        .partsOf(traceId)
        .map((id) => history.parts.get(id)?.start ?? Number.POSITIVE_INFINITY),
    );
  const sorted = [...new Set(traceIds)]
    .map((traceId) => ({ traceId, start: startOf(traceId) }))
    .toSorted((a, b) => a.start - b.start || (a.traceId < b.traceId ? -1 : 1));
  for (const { traceId } of sorted) {
    const items = traces.itemsOf(traceId)[signal === "traces" ? "spans" : "logs"];
    if (items.length > 0) yield requestText(signal, sortItems(items));
  }
}

function* batchLines({ history }: ExportSource, signal: "logs" | "metrics"): Generator<string> {
  const batches = history.batches
    .filter((batch) => batch.signal === signal)
    .toSorted((a, b) => a.start - b.start || (a.hash < b.hash ? -1 : 1));
  for (const { id } of batches) {
    const data = history.batch(id);
    if (data !== undefined) yield batchText(data);
  }
}

/** By time, then by content. */
function sortItems(items: readonly OtlpItem[]): OtlpItem[] {
  return items
    .map((item) => ({ item, time: timeOf(item), id: idOfItem(item.value, "spanId") }))
    .toSorted((a, b) => a.time - b.time || compare(a.id, b.id) || compareContent(a.item, b.item))
    .map(({ item }) => item);
}

function timeOf({ value }: OtlpItem): number {
  return millisecondsOf(asText(value["startTimeUnixNano"] ?? value["timeUnixNano"]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareContent(a: OtlpItem, b: OtlpItem): number {
  return compare(JSON.stringify(a.value), JSON.stringify(b.value));
}
