import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { lazy } from "../lazy.ts";
import type { BatchConfig, OtlpConfig } from "../config/config.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { Batch, type BatchOptions } from "./batch.ts";
import type { EncodedItem } from "./encoded-item.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Sender } from "./sender.ts";
import type { ItemBatch } from "./exit.ts";

const loadOtlp = lazy<typeof import("./otlp.ts")>("export/otlp.ts");
const loadProtobuf = lazy<typeof import("./messages.ts")>("export/messages.ts");
const loadJson = lazy<typeof import("./json-messages.ts")>("export/json-messages.ts");
const loadGateways = lazy<typeof import("./gateways.ts")>("export/gateways.ts");

export interface ItemBatchParts {
  readonly config: BatchConfig;
  readonly otlp: OtlpConfig;
  readonly account: Account;
  readonly diagnostics: Diagnostics;
  /** Default: upstream's figures. */
  readonly retry?: RetryPolicy;
}

/** Spans on their way to OTLP. */
export function createSpanBatch(parts: ItemBatchParts): ItemBatch<ReadableSpan> {
  const { otlp, diagnostics, retry } = parts;
  const loadEncoder = encoderFor(otlp);
  return createItemBatch(parts, {
    name: "spans",
    store: (span) => loadEncoder().spans.encode(span),
    traceIdOf: (span) => span.spanContext().traceId,
    sender: (to = otlp, policy = retry) => loadOtlp().createSpanSender(to, diagnostics, policy),
  });
}

/** A log record that is made when it is encoded. */
interface RecordSource {
  finished(): ReadableLogRecord;
}

/** Log records on their way to OTLP. */
export function createLogBatch(parts: ItemBatchParts): ItemBatch<RecordSource> {
  const { otlp, diagnostics, retry } = parts;
  const loadEncoder = encoderFor(otlp);
  return createItemBatch(parts, {
    name: "log records",
    store: (source) => loadEncoder().logRecords.encode(source.finished()),
    traceIdOf: (source) => source.finished().spanContext?.traceId,
    sender: (to = otlp, policy = retry) => loadOtlp().createLogSender(to, diagnostics, policy),
  });
}

function encoderFor({ protocol }: OtlpConfig): typeof loadJson | typeof loadProtobuf {
  return protocol === "http/json" ? loadJson : loadProtobuf;
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
  return loadGateways().createGateways(parts);
}
