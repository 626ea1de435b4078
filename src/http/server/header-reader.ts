import type { IncomingMessage } from "node:http";
import type { Context as ApiContext, TextMapGetter, TextMapPropagator } from "@opentelemetry/api";
import { ROOT_CONTEXT } from "../../context/context.ts";
import type { RequestHeaders } from "./server-request.ts";
import { REQUEST_ID_HEADER, requestIdFrom } from "./request-id.ts";

const getter: TextMapGetter<IncomingMessage["headers"]> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => headers[key.toLowerCase()],
};

/**
 * Reads the headers that a unit of work needs in one pass over the raw list. The
 * `headers` object, which Node creates at its first use, is used only where a
 * propagation header was received.
 */
export class HeaderReader {
  readonly #propagator: TextMapPropagator;
  /** Names in lower case. */
  #fields: readonly string[] = [];
  /** The same by their lengths: most names are excluded without reading their letters. */
  #byLength: readonly (readonly string[])[] = [];

  /** @param fields names of the headers that the propagator reads. */
  constructor(propagator: TextMapPropagator, fields: readonly string[]) {
    this.#propagator = propagator;
    this.setFields(fields);
  }

  /** Sets the names of the headers that the propagator reads from now on. */
  setFields(fields: readonly string[]): void {
    this.#fields = fields.map((field) => field.toLowerCase());
    const maxLength = Math.max(0, ...fields.map((field) => field.length));
    this.#byLength = Array.from({ length: maxLength + 1 }, (_, length) =>
      this.#fields.filter((field) => field.length === length),
    );
  }

  read(request: IncomingMessage): RequestHeaders {
    const raw = rawHeadersOf(request);
    let host: string | undefined;
    let userAgent: string | undefined;
    let requestId: string | undefined;
    let propagated = false;
    let isChunked = false;
    let contentLength: string | undefined;
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at] as string;
      const { length } = name;
      if (length === 4 && host === undefined) {
        if (name === "Host" || equalsIgnoreCase(name, "host")) host = raw[at + 1];
      } else if (length === 10 && userAgent === undefined) {
        if (name === "User-Agent" || equalsIgnoreCase(name, "user-agent")) userAgent = raw[at + 1];
      } else if (length === 12 && equalsIgnoreCase(name, REQUEST_ID_HEADER)) {
        requestId ??= raw[at + 1];
      } else if (length === 14 && equalsIgnoreCase(name, "content-length")) {
        contentLength = raw[at + 1];
      } else if (length === 17 && equalsIgnoreCase(name, "transfer-encoding")) {
        isChunked = true;
      }
      if (!propagated) propagated = this.#isPropagated(name);
    }
    return {
      host,
      userAgent,
      requestId: requestIdFrom(requestId),
      hasBody: isChunked || (contentLength ?? "0") !== "0",
      contentLength,
      parent: propagated ? this.#extract(request) : ROOT_CONTEXT,
    };
  }

  /** Reads the headers of HTTP/2, an object with names in lower case and the host as `:authority`. */
  readHttp2(headers: IncomingMessage["headers"]): RequestHeaders {
    let propagated = false;
    for (const field of this.#fields) propagated ||= headers[field] !== undefined;
    return {
      host: (headers[":authority"] as string | undefined) ?? headers.host,
      userAgent: headers["user-agent"],
      requestId: requestIdFrom(headers[REQUEST_ID_HEADER]),
      hasBody: true,
      contentLength: headers["content-length"],
      parent: propagated ? this.#propagator.extract(ROOT_CONTEXT, headers, getter) : ROOT_CONTEXT,
    };
  }

  #isPropagated(name: string): boolean {
    const fields = this.#byLength[name.length];
    if (fields === undefined) return false;
    for (let at = 0; at < fields.length; at++) if (equalsIgnoreCase(name, fields[at]!)) return true;
    return false;
  }

  #extract(request: IncomingMessage): ApiContext {
    return this.#propagator.extract(ROOT_CONTEXT, request.headers, getter);
  }
}

/** Returns the raw headers. A request that an app creates itself often has the object only. */
function rawHeadersOf(request: Partial<IncomingMessage>): readonly string[] {
  const { rawHeaders } = request;
  if (rawHeaders !== undefined && rawHeaders.length > 0) return rawHeaders;
  return Object.entries(request.headers ?? {}).flatMap(([name, value]) =>
    typeof value === "string" ? [name, value] : [],
  );
}

/** Compares texts of the same length. Lower case creates a string, so only where the first letter matches. */
function equalsIgnoreCase(name: string, lower: string): boolean {
  if ((name.charCodeAt(0) | 0x20) !== lower.charCodeAt(0)) return false;
  return name === lower || name.toLowerCase() === lower;
}
