import type { OtlpSignal } from "./decode.ts";

const rejectedNames: Readonly<Record<OtlpSignal, string>> = {
  traces: "rejectedSpans",
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
};

/** Returns the response body, in the encoding of the request. It is empty unless items were rejected. */
export function otlpResponseBody(
  signal: OtlpSignal,
  contentType: string,
  rejected: number,
  message: string,
): Uint8Array {
  if (contentType.startsWith("application/json")) {
    const partialSuccess = { [rejectedNames[signal]]: String(rejected), errorMessage: message };
    return Buffer.from(JSON.stringify(rejected === 0 ? {} : { partialSuccess }));
  }
  if (rejected === 0) return new Uint8Array();
  const partial = [0x08, ...varint(rejected), ...field(2, Buffer.from(message))];
  return Uint8Array.from(field(1, partial));
}

function field(number: number, bytes: Iterable<number>): number[] {
  const content = [...bytes];
  return [(number << 3) | 2, ...varint(content.length), ...content];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
