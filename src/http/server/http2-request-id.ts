import { isRequestIdHeader, REQUEST_ID_HEADER } from "./request-id.ts";

/**
 * Returns the headers of an HTTP/2 response with the request id, unless the app
 * has set one, as a copy: an app that reads its headers afterwards finds what it
 * has set.
 */
export function withRequestId(headers: unknown, id: string): unknown {
  if (headers !== undefined && (typeof headers !== "object" || headers === null)) return headers;
  try {
    if (Array.isArray(headers)) {
      const hasRequestId = headers.some((item, at) => at % 2 === 0 && isRequestIdHeader(item));
      return hasRequestId ? headers : withHeader(headers, id);
    }
    for (const name in headers) if (isRequestIdHeader(name)) return headers;
    return Object.assign({ __proto__: null }, headers, { [REQUEST_ID_HEADER]: id });
  } catch {
    // A getter of the app may throw, and then also throws for Node.
    return headers;
  }
}

/** Copies the symbol that lists the sensitive headers, too. */
function withHeader(headers: readonly unknown[], id: string): unknown[] {
  const copy = [...headers, REQUEST_ID_HEADER, id];
  for (const symbol of Object.getOwnPropertySymbols(headers)) {
    Object.defineProperty(copy, symbol, {
      value: (headers as unknown as Record<symbol, unknown>)[symbol],
    });
  }
  return copy;
}
