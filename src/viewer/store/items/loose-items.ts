import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { asObject } from "../../../otlp/fields.ts";
import type { JsonObject } from "../../../otlp/protobuf.ts";
import type { ArchiveChanges, BatchRecord } from "../history/archive.ts";
import type { OtlpItem } from "./otlp-items.ts";
import { requestText } from "./otlp-request.ts";

type LooseSignal = BatchRecord["signal"];

const MAX_ITEMS = 500;
const MAX_WAIT_MS = 1000;

const MAX_BYTES = 512 * 1024 * 1024;

/** Telemetry outside of traces that has not been written yet. */
export class LooseItems {
  readonly #items: Record<LooseSignal, OtlpItem[]> = { logs: [], metrics: [] };
  #start = Number.POSITIVE_INFINITY;
  #since = 0;
  count = 0;

  /** @param time in milliseconds since 1970 */
  add(signal: LooseSignal, item: OtlpItem, time: number): void {
    if (this.count === 0) this.#since = Date.now();
    this.#items[signal].push(item);
    this.#start = Math.min(this.#start, time);
    this.count++;
  }

  /** Whether it is time to write a batch: many small ones would fill the index. */
  get isDue(): boolean {
    return this.count >= MAX_ITEMS || (this.count > 0 && Date.now() - this.#since >= MAX_WAIT_MS);
  }

  clear(): void {
    this.take();
  }

  /** Returns what was added since the last call, as batches to write. */
  take(): ArchiveChanges["batches"] {
    const start = this.#start;
    const batches = (["logs", "metrics"] as const).flatMap((signal) => {
      const items = this.#items[signal];
      return items.length === 0 ? [] : [batchOf(signal, items, start)];
    });
    this.#items.logs = [];
    this.#items.metrics = [];
    this.#start = Number.POSITIVE_INFINITY;
    this.count = 0;
    return batches;
  }
}

function batchOf(
  signal: LooseSignal,
  items: readonly OtlpItem[],
  start: number,
): ArchiveChanges["batches"][number] {
  const text = requestText(signal, items);
  const data = deflateRawSync(text, { level: 1 });
  const hash = createHash("sha256").update(text).digest("base64url");
  return { record: { signal, start, hash, bytes: data.length }, data };
}

/** @throws if the batch is damaged. */
export function batchText(data: Uint8Array): string {
  return inflateRawSync(data, { maxOutputLength: MAX_BYTES }).toString("utf8");
}

/** @throws if the batch is damaged. */
export function batchRequest(data: Uint8Array): JsonObject {
  return asObject(JSON.parse(batchText(data)));
}
