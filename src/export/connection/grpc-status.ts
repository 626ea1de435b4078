import {
  type ExportResponse,
  failureResponse,
  retryableResponse,
  tooLargeResponse,
} from "./export-connection.ts";

const codeNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

const UNKNOWN = 2;
const RESOURCE_EXHAUSTED = 8;

/** PERMISSION_DENIED and UNAUTHENTICATED. */
const CREDENTIAL_CODES: ReadonlySet<number> = new Set([7, 16]);

/** OTLP 1.x, "OTLP/gRPC throttling": these may be tried again. */
const retryableCodes = new Set([1, 4, 10, 11, 14, 15]);

/** Parses a `grpc-status`; UNKNOWN if it is missing or invalid (`Number("")` would be OK). */
export function parseStatusCode(status: string | string[] | undefined): number {
  return typeof status === "string" && /^\d{1,3}$/.test(status) ? Number(status) : UNKNOWN;
}

export function codeName(code: number): string {
  return codeNames[code] ?? `gRPC status ${code}`;
}

/** Describes a status for the log, with advice if it points to the configuration. */
export function describeStatus(code: number, text = ""): string {
  const advice = CREDENTIAL_CODES.has(code) ? "; check OTEL_EXPORTER_OTLP_HEADERS" : "";
  return `answered ${codeName(code)}${text === "" ? "" : `: ${text}`}${advice}`;
}

/**
 * A message above the limit of the server: the words of grpc-go, in which the Collector is
 * written ("received message larger than max (5000000 vs. 4194304)"), grpc-java and
 * grpc-node ("exceeds maximum size").
 */
const TOO_LARGE = /larger than max|exceeds maximum/i;

/** Converts a status other than OK. */
export function responseForCode(
  code: number,
  reason: string,
  retryMs: number | undefined,
): ExportResponse {
  // Not retryable, unless the peer announces when it has capacity again.
  if (code === RESOURCE_EXHAUSTED && retryMs !== undefined)
    return retryableResponse("peer", reason, retryMs);
  if (code === RESOURCE_EXHAUSTED && TOO_LARGE.test(reason)) return tooLargeResponse(reason);
  return retryableCodes.has(code)
    ? retryableResponse("peer", reason, retryMs)
    : failureResponse("peer", reason);
}

/**
 * Reads the delay of a `google.rpc.RetryInfo` from the status details, in
 * milliseconds. A status has `Any`s in field 3; an `Any` has the name of its type in
 * field 1 and the message in field 2; `RetryInfo` has a duration in field 1, with
 * seconds and nanoseconds in fields 1 and 2. Not bounded: see `pauseMs`.
 */
export function retryInfoMs(details: string | string[] | undefined): number | undefined {
  if (typeof details !== "string") return undefined;
  try {
    for (const any of fieldsOf(Buffer.from(details, "base64"), 3)) {
      const [type] = fieldsOf(any as Buffer, 1);
      const [info] = fieldsOf(any as Buffer, 2);
      if (!String(type).endsWith("google.rpc.RetryInfo")) continue;
      const [duration] = fieldsOf(info as Buffer, 1);
      const [seconds = 0] = fieldsOf(duration as Buffer, 1);
      const [nanos = 0] = fieldsOf(duration as Buffer, 2);
      // The highest of the 64 bits is set in negative numbers; NaN compares false.
      const ms = Number(seconds) * 1000 + Number(nanos) / 1e6;
      return Number(seconds) <= 2 ** 63 && ms > 0 ? ms : 0;
    }
  } catch {
    // Malformed details count as missing.
  }
  return undefined;
}

/** Returns the values of one field: numbers, and the bytes of strings and messages. */
function fieldsOf(message: Buffer, wanted: number): (number | Buffer)[] {
  const found: (number | Buffer)[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < message.length; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("protobuf ends early");
  };
  while (at < message.length) {
    const tag = varint();
    let value: number | Buffer = varint();
    if ((tag & 7) === 2) {
      value = message.subarray(at, at + value);
      at += value.length;
    }
    if (tag >>> 3 === wanted) found.push(value);
  }
  return found;
}
