import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { loadChunk } from "../chunks.ts";
import type { BatchConfig, OtlpConfig } from "../config/config.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { Batch } from "./batch.ts";
import type { Pipeline } from "./exit.ts";
import type { EncodedItem } from "./messages.ts";
import type { Sender } from "./sender.ts";

export interface ItemBatchParts {
  readonly config: BatchConfig;
  readonly otlp: OtlpConfig;
  readonly account: Account;
  readonly diagnostics: Diagnostics;
}

/** A queue of ended items on their way to OTLP. */
export interface ItemBatch<Item> extends Pipeline {
  /** Queues one item, or drops it when the queue is full; the caller has counted it as made. */
  add(item: Item): void;
}

/** Spans on their way to OTLP. */
export function createSpanBatch(parts: ItemBatchParts): ItemBatch<ReadableSpan> {
  const { otlp, diagnostics } = parts;
  return createItemBatch(parts, {
    name: "spans",
    encode: (span) => loadChunk("export-messages").encodeSpan(span),
    plainSender: () => loadChunk("export-otlp").createSpanSender(otlp, diagnostics),
    encodedSender: () => loadChunk("export-otlp").createEncodedSpanSender(otlp, diagnostics),
  });
}

/** Log records on their way to OTLP. */
export function createLogBatch(parts: ItemBatchParts): ItemBatch<ReadableLogRecord> {
  const { otlp, diagnostics } = parts;
  return createItemBatch(parts, {
    name: "log records",
    encode: (record) => loadChunk("export-messages").encodeLogRecord(record),
    plainSender: () => loadChunk("export-otlp").createLogSender(otlp, diagnostics),
    encodedSender: () => loadChunk("export-otlp").createEncodedLogSender(otlp, diagnostics),
  });
}

interface Kind<Item> {
  readonly name: string;
  readonly encode: (item: Item) => EncodedItem;
  readonly plainSender: () => Sender<Item[]>;
  readonly encodedSender: () => Sender<EncodedItem[]>;
}

/** Queued as bytes where the protocol is protobuf; JSON is made of the items themselves, all at once. */
function createItemBatch<Item>(
  { config, otlp, account, diagnostics }: ItemBatchParts,
  { name, encode, plainSender, encodedSender }: Kind<Item>,
): ItemBatch<Item> {
  const shared = { name, config, account, diagnostics };
  return otlp.protocol === "http/json"
    ? new Batch<Item, Item>({ ...shared, store: (item) => item, sender: plainSender })
    : new Batch<Item, EncodedItem>({ ...shared, store: encode, sender: encodedSender });
}
