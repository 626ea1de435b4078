/**
 * Methods that are recorded by their name (`OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`).
 * Any other is `_OTHER`, so that a client can't create series by inventing methods.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-request-method
 */
export type KnownMethods = ReadonlySet<string>;

export function normalizeMethod(known: KnownMethods, method: string): string {
  return known.has(method) ? method : "_OTHER";
}
