/** The values of the placeholders in a trace URL. */
export interface TraceUrlValues {
  readonly traceId: string;
  readonly spanId: string;
  readonly service: string;
  readonly timestampMs: number;
}

const TRACE_ID = /^(?!0{32})[\da-f]{32}$/;
const SPAN_ID = /^(?!0{16})[\da-f]{16}$/;

/** Returns the address of a trace; undefined if an id is malformed, as a foreign span may have it. */
export function expandTraceUrl(
  template: string,
  { traceId, spanId, service, timestampMs }: TraceUrlValues,
): string | undefined {
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return undefined;
  const values: Readonly<Record<string, string>> = {
    trace_id: traceId,
    span_id: spanId,
    service: encodeURIComponent(wellFormed(service)),
    timestamp: String(timestampMs),
  };
  const text = template.replaceAll(
    /\{(trace_id|span_id|service|timestamp)\}/g,
    (_, name: string) => values[name] ?? "",
  );
  // Encodes what is not allowed in a URL, such as the quotes of JSON.
  return URL.canParse(text) ? new URL(text).href : undefined;
}

/** Replaces lone surrogates, which have no encoding. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
