import type { OutgoingHttpHeaders } from "node:http";
import type { BodySizes } from "../../context/unit-views.ts";
import type { HttpServerRequest, ResponseHead } from "./server-request.ts";

/** Members of a response that are read here: of HTTP/1 the head as sent, of HTTP/2 the headers. */
interface SentResponse extends ResponseHead {
  readonly _header?: unknown;
  /** The length of the body where the head announces it. */
  readonly _contentLength?: unknown;
  /** False if only the head is sent, as to HEAD. */
  readonly _hasBody?: unknown;
  readonly sentHeaders?: OutgoingHttpHeaders | undefined;
}

/** Whether it is a stream of server-sent events, which is meant to last. */
export function isEventStream(response: SentResponse | undefined): boolean {
  if (response === undefined) return false;
  const { _header: head, sentHeaders } = response;
  if (typeof head === "string") return /^content-type: text\/event-stream/im.test(head);
  return String(sentHeaders?.["content-type"]).startsWith("text/event-stream");
}

/**
 * Returns the sizes of the bodies as they were transferred. Call it for each request
 * of a connection, at its end: the size of a response over HTTP/1 is what was written to
 * the socket since the previous one.
 */
export function bodySizesOf(
  unit: HttpServerRequest,
  response: SentResponse | undefined,
): BodySizes {
  const isHttp2 = unit.protocolVersion === "2";
  return {
    request: requestBodySize(unit.announcedBody),
    response: isHttp2
      ? streamBodySize(unit, response)
      : (announcedBodySize(unit, response) ?? writtenBodySize(unit, response)),
  };
}

/** Returns undefined if the body was sent in chunks: only the app knows their size. */
function requestBodySize(announced: string | boolean): number | undefined {
  if (typeof announced === "string") return parseSize(announced);
  return announced ? undefined : 0;
}

/**
 * Returns the length that the head of a complete response announces. Reading
 * `bytesWritten` instead, which copies the socket's buffer, takes twice as long.
 */
function announcedBodySize(
  { connection, statusCode, abort }: HttpServerRequest,
  response: SentResponse | undefined,
): number | undefined {
  if (response === undefined || abort !== undefined || statusCode === SWITCHING_PROTOCOLS)
    return undefined;
  const { _header: head, _contentLength: length, _hasBody: hasBody } = response;
  if (typeof head !== "string" || typeof length !== "number" || !(length >= 0)) return undefined;
  const size = hasBody === false ? 0 : length;
  connection.bytesWritten += head.length + size;
  return size;
}

/** Includes the framing of chunks. An upgraded connection has no body. */
function writtenBodySize(
  { connection, request, statusCode }: HttpServerRequest,
  response: SentResponse | undefined,
): number | undefined {
  const written = request?.socket?.bytesWritten;
  if (typeof written !== "number") return undefined;
  const sent = written - connection.bytesWritten;
  connection.bytesWritten = written;
  if (response === undefined) return 0;
  const { _header: head } = response;
  if (typeof head !== "string" || statusCode === SWITCHING_PROTOCOLS) return undefined;
  return Math.max(0, sent - head.length);
}

const SWITCHING_PROTOCOLS = 101;

/** Node does not count the bytes of a stream of HTTP/2, so this is the size that its headers announce. */
function streamBodySize(
  { method, statusCode, abort }: HttpServerRequest,
  response: SentResponse | undefined,
): number | undefined {
  if (abort !== undefined) return undefined;
  if (method === "HEAD" || statusCode === 204 || statusCode === 304) return 0;
  return parseSize(response?.sentHeaders?.["content-length"]);
}

function parseSize(header: unknown): number | undefined {
  if (typeof header === "number") return header;
  return typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
