import type { IncomingMessage } from "node:http";
import type { Context as ApiContext, TextMapGetter, TextMapPropagator } from "@opentelemetry/api";
import { ROOT } from "../context/context.ts";
import type { RequestHeaders } from "./request.ts";
import { REQUEST_ID, requestIdFrom } from "./request-id.ts";

const getter: TextMapGetter<IncomingMessage["headers"]> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, key) => headers[key.toLowerCase()],
};

/**
 * Reads what an entry needs of a request's headers in one pass over the raw
 * list. The `headers` object, which Node makes when it is first asked for, is
 * only asked for where a propagation header is there.
 */
export class HeaderReader {
  readonly #propagator: TextMapPropagator;
  readonly #fields: ReadonlySet<string>;
  /** By length, to tell most names apart without lowering them. */
  readonly #lengths: readonly boolean[];

  /** @param fields names of headers, in lower case, that the propagator reads. */
  constructor(propagator: TextMapPropagator, fields: readonly string[]) {
    this.#propagator = propagator;
    this.#fields = new Set(fields.map((field) => field.toLowerCase()));
    const longest = Math.max(0, ...fields.map((field) => field.length));
    this.#lengths = Array.from({ length: longest + 1 }, (_, length) =>
      fields.some((field) => field.length === length),
    );
  }

  read(request: IncomingMessage): RequestHeaders {
    const raw = rawHeadersOf(request);
    let host: string | undefined;
    let userAgent: string | undefined;
    let requestId: string | undefined;
    let propagated = false;
    let hasBody = false;
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at] as string;
      const { length } = name;
      if (length === 4 && host === undefined) {
        if (name === "Host" || is(name, "host")) host = raw[at + 1];
      } else if (length === 10 && userAgent === undefined) {
        if (name === "User-Agent" || is(name, "user-agent")) userAgent = raw[at + 1];
      } else if (length === 12 && requestId === undefined && is(name, REQUEST_ID)) {
        requestId = raw[at + 1];
      } else if (length === 14 && is(name, "content-length")) {
        hasBody ||= raw[at + 1] !== "0";
      } else if (length === 17 && is(name, "transfer-encoding")) {
        hasBody = true;
      }
      if (!propagated && this.#lengths[length] === true) {
        propagated = this.#fields.has(name.toLowerCase());
      }
    }
    return {
      host,
      userAgent,
      requestId: requestIdFrom(requestId),
      hasBody,
      parent: propagated ? this.#extract(request) : ROOT,
    };
  }

  /** The same for HTTP/2, whose headers come by their names in lower case, the host as another one. */
  readNames(headers: IncomingMessage["headers"]): RequestHeaders {
    let propagated = false;
    for (const field of this.#fields) propagated ||= headers[field] !== undefined;
    return {
      host: (headers[":authority"] as string | undefined) ?? headers.host,
      userAgent: headers["user-agent"],
      requestId: requestIdFrom(headers[REQUEST_ID]),
      hasBody: true,
      parent: propagated ? this.#propagator.extract(ROOT, headers, getter) : ROOT,
    };
  }

  #extract(request: IncomingMessage): ApiContext {
    return this.#propagator.extract(ROOT, request.headers, getter);
  }
}

/** A request that an app makes by hand often has nothing but the object. */
function rawHeadersOf({ rawHeaders, headers }: Partial<IncomingMessage>): readonly string[] {
  if (rawHeaders !== undefined && rawHeaders.length > 0) return rawHeaders;
  return Object.entries(headers ?? {}).flatMap(([name, value]) =>
    typeof value === "string" ? [name, value] : [],
  );
}

function is(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}
