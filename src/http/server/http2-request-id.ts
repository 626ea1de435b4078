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
      return hasRequestId ? headers : withHeader(headers, REQUEST_ID_HEADER, id);
    }
    for (const name in headers) if (isRequestIdHeader(name)) return headers;
    return Object.assign({ __proto__: null }, headers, { [REQUEST_ID_HEADER]: id });
  } catch {
    // A getter of the app may throw, and then also throws for Node.
    return headers;
  }
}

/** Returns the headers of an HTTP/2 response with others, whose names are not among them, as a copy. */
export function withHeaders(
  headers: unknown,
  others: readonly (readonly [name: string, value: string])[],
): unknown {
  if (headers !== undefined && (typeof headers !== "object" || headers === null)) return headers;
  const added = others.map(([name, value]) => [name.toLowerCase(), value] as const);
  if (!Array.isArray(headers)) {
    return Object.assign({ __proto__: null }, headers, Object.fromEntries(added));
  }
  let copy: unknown[] = headers;
  for (const [name, value] of added) copy = withHeader(copy, name, value);
  return copy;
}

/** Copies the symbol that lists the sensitive headers, too. */
function withHeader(headers: readonly unknown[], name: string, text: string): unknown[] {
  const copy = [...headers, name, text];
  for (const symbol of Object.getOwnPropertySymbols(headers)) {
    Object.defineProperty(copy, symbol, {
      value: (headers as unknown as Record<symbol, unknown>)[symbol],
    });
  }
  return copy;
}
