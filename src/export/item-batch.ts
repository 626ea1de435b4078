import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { loadChunk } from "../chunks.ts";
import type { BatchConfig, OtlpConfig } from "../config/config.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { Batch, type BatchOptions } from "./batch.ts";
import type { Pipeline } from "./exit.ts";
import type { EncodedItem } from "./encoded-item.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Sender } from "./sender.ts";

export interface ItemBatchParts {
  readonly config: BatchConfig;
  readonly otlp: OtlpConfig;
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  /** Default: upstream's figures. */
  readonly retry?: RetryPolicy;
}

/** A queue of ended items on their way to OTLP. */
export interface ItemBatch<Item> extends Pipeline {
  /** Queues one item, or drops it when the queue is full; the caller has counted it as made. */
  add(item: Item): void;
  /** How many items wait or are under way: what the account's `queued` must come to. */
  readonly queued: number;
}

/** Spans on their way to OTLP. */
export function createSpanBatch(parts: ItemBatchParts): ItemBatch<ReadableSpan> {
  const { otlp, diagnostics, retry } = parts;
  const messages = messagesOf(otlp);
  return createItemBatch(parts, {
    name: "spans",
    store: (span) => loadChunk(messages).spans.encode(span),
    traceIdOf: (span) => span.spanContext().traceId,
    sender: (to = otlp, policy = retry) =>
      loadChunk("export-otlp").createSpanSender(to, diagnostics, policy),
  });
}

/** A log record that is made when it is encoded. */
interface RecordSource {
  finished(): ReadableLogRecord;
}

/** Log records on their way to OTLP. */
export function createLogBatch(parts: ItemBatchParts): ItemBatch<RecordSource> {
  const { otlp, diagnostics, retry } = parts;
  const messages = messagesOf(otlp);
  return createItemBatch(parts, {
    name: "log records",
    store: (source) => loadChunk(messages).logRecords.encode(source.finished()),
    traceIdOf: (source) => source.finished().spanContext?.traceId,
    sender: (to = otlp, policy = retry) =>
      loadChunk("export-otlp").createLogSender(to, diagnostics, policy),
  });
}

function messagesOf({ protocol }: OtlpConfig): "export-messages" | "export-json-messages" {
  return protocol === "http/json" ? "export-json-messages" : "export-messages";
}

interface Kind<Item> extends Pick<BatchOptions<Item, EncodedItem>, "name" | "store"> {
  readonly traceIdOf: (item: Item) => string | undefined;
  readonly sender: (to?: OtlpConfig, retry?: RetryPolicy) => Sender<EncodedItem[]>;
}

const release = ({ page }: EncodedItem): void => page.release();

function createItemBatch<Item>(
  { config, otlp, account, diagnostics }: ItemBatchParts,
  { name, store, traceIdOf, sender }: Kind<Item>,
): ItemBatch<Item> {
  const shared = { name, config, account, diagnostics, release };
  const { gateways } = otlp;
  if (gateways === undefined) return new Batch({ ...shared, store, sender: () => sender() });
  const parts = { ...shared, gateways, encode: store, traceIdOf, sender };
  return loadChunk("export-gateways").createGateways(parts);
}
