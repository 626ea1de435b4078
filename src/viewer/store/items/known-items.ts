import { createHash } from "node:crypto";
import type { OtlpSignal } from "../../../otlp/decode.ts";
import type { History } from "../history/history.ts";
import { batchRequest } from "./loose-items.ts";
import { idOfItem, itemsOf, type OtlpItem, Origins } from "./otlp-items.ts";
import type { Traces } from "../traces.ts";

/**
 * Recognizes log records and metrics of an import that the history has. Records of equal
 * content are counted: a third one is new if the history has two.
 */
export class KnownItems {
  readonly #traces: Traces;
  readonly #history: History;
  /** How often an item is in the history and not yet in the import, by trace. */
  readonly #ofTrace = new Map<string, Map<string, number>>();
  #ofBatches: Map<string, number> | undefined = undefined;

  constructor(traces: Traces, history: History) {
    this.#traces = traces;
    this.#history = history;
  }

  has(signal: Exclude<OtlpSignal, "traces">, item: OtlpItem): boolean {
    const traceId = signal === "logs" ? idOfItem(item.value, "traceId") : "";
    const counts = traceId === "" ? this.#batchItems() : this.#traceItems(traceId);
    const key = keyOf(item);
    const count = counts.get(key) ?? 0;
    if (count > 0) counts.set(key, count - 1);
    return count > 0;
  }

  #traceItems(traceId: string): Map<string, number> {
    const known = this.#ofTrace.get(traceId);
    if (known !== undefined) return known;
    const counts = new Map<string, number>();
    count(counts, this.#traces.itemsOf(traceId).logs);
    this.#ofTrace.set(traceId, counts);
    return counts;
  }

  #batchItems(): Map<string, number> {
    if (this.#ofBatches !== undefined) return this.#ofBatches;
    const counts = new Map<string, number>();
    const origins = new Origins();
    for (const { id, signal } of this.#history.batches) {
      const data = this.#history.batch(id);
      if (data !== undefined) count(counts, itemsOf(signal, batchRequest(data), origins));
    }
    this.#ofBatches = counts;
    return counts;
  }
}

function count(counts: Map<string, number>, items: readonly OtlpItem[]): void {
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
}

/** A hash, since a history may have a million items. */
function keyOf({ value, resource, scope }: OtlpItem): string {
  const content = `${resource.text}\n${scope.text}\n${JSON.stringify(value)}`;
  return createHash("sha256").update(content).digest("base64");
}
