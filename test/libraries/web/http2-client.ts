import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";

export interface Http2Request {
  readonly path: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  /** Aborts the request with the first part of the body. */
  readonly cancels?: true;
}

/** All events of a client for one request, in their order. */
export interface Http2Result {
  readonly headers: IncomingHttpHeaders | undefined;
  readonly events: readonly unknown[];
}

/** Sends a request over a separate connection, and collects events until the stream is closed. */
export async function sendHttp2Request(
  url: string,
  request: Http2Request,
  ca?: string,
): Promise<Http2Result> {
  const session = connect(url, ca === undefined ? {} : { ca });
  const events: unknown[] = [];
  session.on("error", (error: NodeJS.ErrnoException) => events.push(["lost", error.code]));
  // Only the first: a server may or may not repeat it as it closes the connection.
  session.once("goaway", (code: number, id: number, data?: Buffer) =>
    events.push(["goaway", code, id, data?.toString()]),
  );
  session.on("stream", (pushed: ClientHttp2Stream, headers: IncomingHttpHeaders) => {
    events.push(["push", headers[":path"]]);
    pushed.on("push", (response: IncomingHttpHeaders) =>
      events.push(["pushed", withoutVolatileHeaders(response)]),
    );
    pushed.resume();
  });
  try {
    return await collectEvents(session, request, events);
  } finally {
    session.destroy();
  }
}

async function collectEvents(
  session: ClientHttp2Session,
  { path, method = "GET", headers, body, cancels }: Http2Request,
  events: unknown[],
): Promise<Http2Result> {
  const stream = session.request({ ":path": path, ":method": method, ...headers });
  let response: IncomingHttpHeaders | undefined;
  stream.on("headers", (informed: IncomingHttpHeaders) =>
    events.push(["headers", informed[":status"], informed.link]),
  );
  stream.on("response", (received: IncomingHttpHeaders) => {
    response = received;
    events.push(["response", withoutVolatileHeaders(received)]);
  });
  stream.on("trailers", (trailers: IncomingHttpHeaders) =>
    events.push(["trailers", withoutVolatileHeaders(trailers)]),
  );
  stream.on("error", (error: NodeJS.ErrnoException) => events.push(["error", error.code]));
  stream.setEncoding("utf8").on("data", (part: string) => {
    addData(events, part);
    if (cancels) stream.close(constants.NGHTTP2_CANCEL);
  });
  if (method !== "HEAD") stream.end(body);
  await new Promise((resolve) => stream.once("close", resolve));
  events.push(["closed", stream.rstCode]);
  return { headers: response, events };
}

/** Joins the parts of a body, whose number differs between requests. */
function addData(events: unknown[], part: string): void {
  const last = events.at(-1);
  if (Array.isArray(last) && last[0] === "data") last[1] += part;
  else events.push(["data", part]);
}

/** Removes the headers that differ between requests, and those that only the preload adds. */
function withoutVolatileHeaders(headers: IncomingHttpHeaders): object {
  const { date: _, "x-request-id": _id, "last-modified": _time, ...rest } = headers;
  return { ...rest };
}
