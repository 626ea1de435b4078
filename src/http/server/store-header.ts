import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { unitOfWorkOf } from "../../context/in-flight-requests.ts";
import type { UnitOfWork } from "../../context/unit-of-work.ts";
import { withSignature } from "../../context/signature.ts";
import { isRequestIdHeader, REQUEST_ID_HEADER } from "./request-id.ts";

type StoreHeader = (this: ServerResponse, firstLine: string, headers: unknown) => void;

/**
 * Sends the request id back. `res.setHeader` before a framework's `writeHead`
 * would send Node down a slow path (0.7 of a bare Fastify request, measured);
 * `_storeHeader` gets the status line as a string, and a header is a line more.
 */
export function wrapStoreHeader(): void {
  const prototype = http.ServerResponse.prototype as unknown as { _storeHeader?: StoreHeader };
  const original = prototype._storeHeader;
  if (typeof original !== "function") return;
  const storeHeader: StoreHeader = function (firstLine, headers) {
    const { req } = this as { readonly req?: IncomingMessage };
    const unit = req === undefined ? undefined : unitOfWorkOf(req);
    if (unit === undefined) return original.call(this, firstLine, headers);
    // What an app sets after this (Next does, as it fails) nobody is told.
    unit.statusCode = this.statusCode;
    return original.call(this, withRequestId(firstLine, unit, this, headers), headers);
  };
  prototype._storeHeader = withSignature(storeHeader, original);
}

function withRequestId(
  firstLine: string,
  { requestId: id }: UnitOfWork,
  response: ServerResponse,
  headers: unknown,
): string {
  if (id === undefined) return firstLine;
  try {
    return hasRequestIdHeader(headers, response)
      ? firstLine
      : `${firstLine}${REQUEST_ID_HEADER}: ${id}\r\n`;
  } catch {
    // The headers are the app's; a getter or a proxy among them may throw, as it then does for Node.
    return firstLine;
  }
}

/** Whether the app sends a request id of its own, in any form that `writeHead` takes. */
function hasRequestIdHeader(headers: unknown, response: ServerResponse): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  if (Array.isArray(headers)) {
    // Pairs, or name and value by turns.
    return Array.isArray(headers[0])
      ? headers.some((pair) => Array.isArray(pair) && isRequestIdHeader(pair[0]))
      : headers.some((item, at) => at % 2 === 0 && isRequestIdHeader(item));
  }
  if (REQUEST_ID_HEADER in headers) return true;
  if (isOutHeaders(headers, response)) return false;
  for (const name in headers) if (isRequestIdHeader(name)) return true;
  return false;
}

/**
 * Where Node keeps what `setHeader` collected; null on a Node that keeps it
 * elsewhere. Read off the first response, not off one of our own: to Node's
 * constructors each further kind of message is a slower path for all.
 */
let outHeadersSymbol: symbol | null | undefined;

function findOutHeadersSymbol(response: ServerResponse): symbol | null {
  const symbols = Object.getOwnPropertySymbols(response);
  return symbols.find(({ description }) => description === "kOutHeaders") ?? null;
}

/**
 * Whether these are Node's own collection, whose names are in lower case. To see
 * it at their looks takes a walk over them, which costs each Express request a
 * microsecond.
 */
function isOutHeaders(headers: object, response: ServerResponse): boolean {
  outHeadersSymbol ??= findOutHeadersSymbol(response);
  return (
    outHeadersSymbol !== null &&
    (response as unknown as Record<symbol, unknown>)[outHeadersSymbol] === headers
  );
}
