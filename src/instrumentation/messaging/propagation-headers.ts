import type { PropagationHeaders } from "../../context/messaging.ts";

/** Returns the headers that are text, by their names in lower case. */
export function propagationHeadersOf(
  headers: Iterable<readonly [name: string, value: unknown]>,
): PropagationHeaders {
  const propagationHeaders: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (typeof value === "string") propagationHeaders[name.toLowerCase()] = value;
  }
  return propagationHeaders;
}
