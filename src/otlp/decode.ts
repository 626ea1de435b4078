import { asObject } from "./fields.ts";
import { createDecoder, type JsonObject, type ProtobufDecoder } from "./protobuf.ts";
import { otlpSchema } from "./schema.ts";

/** The three signals of OTLP, by the last part of their path (`/v1/traces`). */
export type OtlpSignal = "traces" | "logs" | "metrics";

const messages: Readonly<Record<OtlpSignal, string>> = {
  traces: "ExportTraceServiceRequest",
  logs: "ExportLogsServiceRequest",
  metrics: "ExportMetricsServiceRequest",
};

const decode: ProtobufDecoder = createDecoder(otlpSchema);

/**
 * Decodes the body of an export, in either encoding, into the format of the JSON one.
 *
 * @throws if the body is malformed.
 */
export function readExport(signal: OtlpSignal, contentType: string, body: Uint8Array): JsonObject {
  if (contentType.startsWith("application/json")) {
    return asObject(JSON.parse(Buffer.from(body).toString("utf8")));
  }
  return decode(messages[signal], body);
}
