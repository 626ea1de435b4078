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
  /** Give it up when the first part of the body is here. */
  readonly cancels?: true;
}

/** All that a client hears of one request, in its order. */
export interface Http2Result {
  readonly headers: IncomingHttpHeaders | undefined;
  readonly events: readonly unknown[];
}

/** Asks over one connection of its own, and listens till the request is over. */
export async function sendHttp2Request(
  url: string,
  request: Http2Request,
  ca?: string,
): Promise<Http2Result> {
  const session = connect(url, ca === undefined ? {} : { ca });
  const events: unknown[] = [];
  session.on("error", (error: NodeJS.ErrnoException) => events.push(["lost", error.code]));
  // Once: whether the server repeats it as it closes the connection is a race.
  session.once("goaway", (code: number, id: number, data?: Buffer) =>
    events.push(["goaway", code, id, data?.toString()]),
  );
  session.on("stream", (pushed: ClientHttp2Stream, headers: IncomingHttpHeaders) => {
    events.push(["push", headers[":path"]]);
    pushed.on("push", (answer: IncomingHttpHeaders) =>
      events.push(["pushed", withoutVolatileHeaders(answer)]),
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
  let answer: IncomingHttpHeaders | undefined;
  stream.on("headers", (informed: IncomingHttpHeaders) =>
    events.push(["headers", informed[":status"], informed.link]),
  );
  stream.on("response", (received: IncomingHttpHeaders) => {
    answer = received;
    events.push(["response", withoutVolatileHeaders(received)]);
  });
  stream.on("trailers", (trailers: IncomingHttpHeaders) =>
    events.push(["trailers", withoutVolatileHeaders(trailers)]),
  );
  stream.on("error", (error: NodeJS.ErrnoException) => events.push(["error", error.code]));
  stream.setEncoding("utf8").on("data", (part: string) => {
    events.push(["data", part]);
    if (cancels) stream.close(constants.NGHTTP2_CANCEL);
  });
  if (method !== "HEAD") stream.end(body);
  await new Promise((resolve) => stream.once("close", resolve));
  events.push(["closed", stream.rstCode]);
  return { headers: answer, events };
}

/** Without what differs from one request to the next, and what only a preload adds. */
function withoutVolatileHeaders(headers: IncomingHttpHeaders): object {
  const { date: _, "x-request-id": _id, "last-modified": _time, ...rest } = headers;
  return { ...rest };
}
