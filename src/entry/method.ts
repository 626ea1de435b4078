/**
 * The methods of the HTTP conventions; any other is `_OTHER`, so that a client
 * can't make series by inventing methods.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-request-method
 */
const KNOWN: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
  "QUERY",
]);

export function knownMethod(method: string): string {
  return KNOWN.has(method) ? method : "_OTHER";
}
