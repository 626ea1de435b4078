import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { parseEnvelope } from "./envelope.ts";
import type { Fault } from "./fault.ts";
import { type OtlpSignal, readExport } from "../otlp/decode.ts";
import { logsOf, metricsOf, spansOf } from "./otlp.ts";
import type {
  ReceivedCheckIn,
  ReceivedClientReport,
  ReceivedEvent,
  ReceivedSessions,
} from "./received.ts";
import type { ReceivedStore } from "./store.ts";

/** Maximum decompressed size of a request. Decoded objects take about ten times as much. */
export const MAX_BODY_BYTES: number = 32 * 1024 * 1024;

/**
 * Decodes a `Content-Encoding`.
 *
 * @throws if the body is malformed or larger than the limit.
 */
export function decompress(encoding: string, body: Buffer): Buffer {
  const options = { maxOutputLength: MAX_BODY_BYTES };
  switch (encoding) {
    case "":
    case "identity":
      return body;
    case "gzip":
      return gunzipSync(body, options);
    case "deflate":
      return inflateSync(body, options);
    case "br":
      return brotliDecompressSync(body, options);
    default:
      throw new TypeError(`unknown content encoding ${encoding}`);
  }
}

/**
 * Decodes an export and stores its items, or under a `partial` fault all but the last
 * ones.
 *
 * @throws if the body is malformed.
 */
export function storeExport(
  store: ReceivedStore,
  signal: OtlpSignal,
  contentType: string,
  body: Uint8Array,
  fault: Fault | undefined,
): void {
  const request = readExport(signal, contentType, body);
  const rejected = fault?.kind === "partial" ? fault.rejected : 0;
  if (signal === "traces") store.add("spans", withoutLast(rejected, spansOf(request)));
  else if (signal === "logs") store.add("logs", withoutLast(rejected, logsOf(request)));
  else store.add("metrics", withoutLast(rejected, metricsOf(request)));
}

/**
 * Decodes a Sentry envelope and stores its items.
 *
 * @throws if the body is malformed.
 */
export function storeEnvelope(
  store: ReceivedStore,
  body: Buffer,
  project: string,
  publicKey: string,
): void {
  const items = parseEnvelope(body, project, publicKey);
  const payloads = <Payload>(wanted: string): Payload[] =>
    items
      .filter(({ type, payload }) => type === wanted && Object(payload) === payload)
      .map(({ payload }) => payload as Payload);
  store.add("items", items);
  store.add("events", payloads<ReceivedEvent>("event"));
  store.add("feedback", payloads<ReceivedEvent>("feedback"));
  store.add("checkIns", payloads<ReceivedCheckIn>("check_in"));
  store.add("sessions", payloads<ReceivedSessions>("sessions"));
  store.add("clientReports", payloads<ReceivedClientReport>("client_report"));
}

function withoutLast<T>(rejected: number, items: readonly T[]): readonly T[] {
  return rejected === 0 ? items : items.slice(0, Math.max(0, items.length - rejected));
}
