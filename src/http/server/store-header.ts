import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { now } from "../../clock.ts";
import { unitOfWorkOf } from "../../context/in-flight-requests.ts";
import type { UnitOfWork } from "../../context/unit-of-work.ts";
import { withSignature } from "../../context/signature.ts";
import { loopActivity } from "../../loop-activity.ts";
import type { TimingHeaders } from "../../development/timing-headers.ts";
import { isRequestIdHeader, REQUEST_ID_HEADER } from "./request-id.ts";
import { HttpServerRequest } from "./server-request.ts";

type StoreHeader = (this: ServerResponse, firstLine: string, headers: unknown) => void;

/**
 * Sends the request id with each HTTP/1 response. `res.setHeader` before a framework's `writeHead`
 * would send Node down a slow path (0.7 of a bare Fastify request, measured);
 * `_storeHeader` gets the status line as a string, and a header is a line more.
 *
 * @param timings headers with the times of a request; undefined outside of development
 */
export function wrapStoreHeader(timings?: TimingHeaders): void {
  const prototype = http.ServerResponse.prototype as unknown as { _storeHeader?: StoreHeader };
  const original = prototype._storeHeader;
  if (typeof original !== "function") return;
  const storeHeader: StoreHeader = function (firstLine, headers) {
    const { req } = this as { readonly req?: IncomingMessage };
    const unit = req === undefined ? undefined : unitOfWorkOf(req);
    if (unit === undefined) return original.call(this, firstLine, headers);
    // A status that an app sets after this (Next does, as it fails) is not sent.
    unit.statusCode = this.statusCode;
    loopActivity.called(now(), unit.localTrace);
    const line = withRequestId(firstLine, unit, this, headers);
    const head = timings === undefined ? line : line + timingLines(timings, unit, this, headers);
    return original.call(this, head, headers);
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
    // A getter or a proxy among the app's headers may throw, and then also throws for Node.
    return firstLine;
  }
}

/** Members of a response by which Node stores that the length of its body is known. */
interface ResponseLength {
  readonly _contentLength?: unknown;
  /** False if only the head is sent, as to HEAD. */
  readonly _hasBody?: unknown;
}

function timingLines(
  timings: TimingHeaders,
  unit: UnitOfWork,
  response: ServerResponse,
  headers: unknown,
): string {
  if (!(unit instanceof HttpServerRequest)) return "";
  const { _contentLength: length, _hasBody: hasBody } = response as ResponseLength;
  const isWhole = typeof length === "number" || hasBody === false;
  const { statusCode } = response;
  const isCollection = isOutHeaders(headers, response);
  return timings(unit, { statusCode, headers, isCollection, isWhole });
}

/** Whether the app sets the header itself, in any form that `writeHead` takes. */
function hasRequestIdHeader(headers: unknown, response: ServerResponse): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  if (Array.isArray(headers)) {
    // Pairs, or alternating names and values.
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
 * Key under which a response has the headers of `setHeader`; null on a Node that
 * has them elsewhere. It is a module variable, since it is read for each response and
 * the same for all. It is found on the first response of the app, not on one created
 * for it: to Node's constructors each further kind of message is a slower path for all.
 */
let outHeadersSymbol: symbol | null | undefined;

function findOutHeadersSymbol(response: ServerResponse): symbol | null {
  const symbols = Object.getOwnPropertySymbols(response);
  return symbols.find(({ description }) => description === "kOutHeaders") ?? null;
}

/**
 * Whether these are Node's own collection of headers, whose names are in lower
 * case. Searching it as well would cost each Express request a microsecond.
 */
function isOutHeaders(headers: unknown, response: ServerResponse): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  outHeadersSymbol ??= findOutHeadersSymbol(response);
  return (
    outHeadersSymbol !== null &&
    (response as unknown as Record<symbol, unknown>)[outHeadersSymbol] === headers
  );
}
