import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import type { Context } from "@opentelemetry/api";
import { ROOT_CONTEXT, spanIn } from "../../../src/context/context.ts";
import { HeaderReader } from "../../../src/http/server/header-reader.ts";
import type { RequestHeaders } from "../../../src/http/server/server-request.ts";
import { createPropagator } from "../../../src/traces/propagation/propagator.ts";

const propagator = createPropagator(["tracecontext", "baggage"], { sentry: false });
const reader = new HeaderReader(propagator, propagator.extractFields());

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

/** A request with these names and values, and the headers object as Node creates it. */
function requestWith(...rawHeaders: string[]): IncomingMessage {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers[(rawHeaders[at] ?? "").toLowerCase()] ??= rawHeaders[at + 1] ?? "";
  }
  return { rawHeaders, headers } as unknown as IncomingMessage;
}

function traceIdIn(context: Context): string | undefined {
  return spanIn(context)?.spanContext().traceId;
}

interface Row {
  readonly title: string;
  readonly raw: readonly string[];
  readonly expected: Partial<RequestHeaders> & { readonly traceId?: string | undefined };
}

const rows: readonly Row[] = [
  { title: "the host", raw: ["Host", "shop.example"], expected: { host: "shop.example" } },
  { title: "the host in odd casing", raw: ["hOsT", "a:1"], expected: { host: "a:1" } },
  { title: "the first of two hosts", raw: ["Host", "a", "host", "b"], expected: { host: "a" } },
  { title: "an empty host", raw: ["Host", "", "Host", "b"], expected: { host: "" } },
  { title: "no host", raw: ["Most", "a", "Hose", "b"], expected: { host: undefined } },
  { title: "the user agent", raw: ["User-Agent", "curl"], expected: { userAgent: "curl" } },
  { title: "it in odd casing", raw: ["uSER-aGENT", "curl"], expected: { userAgent: "curl" } },
  {
    title: "the first of two user agents",
    raw: ["User-Agent", "a", "user-agent", "b"],
    expected: { userAgent: "a" },
  },
  { title: "the request id", raw: ["X-Request-Id", "abc"], expected: { requestId: "abc" } },
  { title: "it in capitals", raw: ["X-REQUEST-ID", "abc"], expected: { requestId: "abc" } },
  {
    title: "the first of two request ids",
    raw: ["x-request-id", "a", "x-request-id", "b"],
    expected: { requestId: "a" },
  },
  { title: "no body", raw: ["Host", "a"], expected: { hasBody: false, contentLength: undefined } },
  {
    title: "a body with a length",
    raw: ["Content-Length", "3"],
    expected: { hasBody: true, contentLength: "3" },
  },
  { title: "a body of length 0", raw: ["content-length", "0"], expected: { hasBody: false } },
  {
    title: "a body in chunks",
    raw: ["Transfer-Encoding", "chunked"],
    expected: { hasBody: true },
  },
  {
    title: "a body in chunks beside a length of 0",
    raw: ["tRANSFER-eNCODING", "chunked", "Content-Length", "0"],
    expected: { hasBody: true },
  },
  { title: "no trace", raw: ["Host", "a"], expected: { traceId: undefined } },
  { title: "the trace", raw: ["traceparent", TRACEPARENT], expected: { traceId: TRACE_ID } },
  { title: "it in odd casing", raw: ["TraceParent", TRACEPARENT], expected: { traceId: TRACE_ID } },
  {
    title: "the trace among all others",
    raw: [
      ...["Host", "a", "User-Agent", "b", "X-Request-Id", "c", "Content-Length", "1"],
      ...["traceparent", TRACEPARENT],
    ],
    expected: { host: "a", userAgent: "b", requestId: "c", hasBody: true, traceId: TRACE_ID },
  },
  {
    title: "an invalid trace",
    raw: ["traceparent", "00-0-0-01"],
    expected: { traceId: undefined },
  },
  {
    title: "names of the same lengths",
    raw: ["Hops", "a", "User-Agenz", "b", "X-Request-Ip", "c", "traceparenz", TRACEPARENT],
    expected: { host: undefined, userAgent: undefined, hasBody: false, traceId: undefined },
  },
  { title: "an empty name", raw: ["", "a", "Host", "b"], expected: { host: "b" } },
  { title: "a name without a value", raw: ["Host", "a", "User-Agent"], expected: { host: "a" } },
];

describe("The headers of an HTTP/1 request", () => {
  for (const { title, raw, expected } of rows) {
    it(`have ${title}`, () => {
      const { parent, ...found } = reader.read(requestWith(...raw));
      const { traceId, ...others } = expected;
      assert.deepEqual({ ...found, ...others }, found);
      if ("traceId" in expected) assert.equal(traceIdIn(parent), traceId);
    });
  }

  it("leave the headers object alone without a propagation header", () => {
    const request = {
      rawHeaders: ["Host", "a", "X-Request-Id", "b"],
      get headers(): never {
        return assert.fail("the headers object was created");
      },
    };
    const { parent, host } = reader.read(request as unknown as IncomingMessage);
    assert.equal(parent, ROOT_CONTEXT);
    assert.equal(host, "a");
  });

  it("are those of the object where a request has no raw headers", () => {
    const headers = { host: "a", traceparent: TRACEPARENT, "set-cookie": ["b"] };
    const found = reader.read({ headers } as unknown as IncomingMessage);
    assert.equal(found.host, "a");
    assert.equal(traceIdIn(found.parent), TRACE_ID);
  });

  it("are none where a request has no headers at all", () => {
    const { host, userAgent, hasBody, parent } = reader.read({} as IncomingMessage);
    assert.deepEqual(
      [host, userAgent, hasBody, parent],
      [undefined, undefined, false, ROOT_CONTEXT],
    );
  });

  it("are read for the fields of the propagator only", () => {
    const without = new HeaderReader(propagator, []);
    assert.equal(without.read(requestWith("traceparent", TRACEPARENT)).parent, ROOT_CONTEXT);
  });
});

describe("The headers of an HTTP/2 request", () => {
  it("have the authority as the host, before a host header", () => {
    assert.equal(reader.readHttp2({ ":authority": "a:1", host: "b" }).host, "a:1");
    assert.equal(reader.readHttp2({ host: "b" }).host, "b");
  });

  it("have user agent, request id and trace", () => {
    const found = reader.readHttp2({
      "user-agent": "curl",
      "x-request-id": "abc",
      traceparent: TRACEPARENT,
    });
    assert.deepEqual([found.userAgent, found.requestId, found.hasBody], ["curl", "abc", true]);
    assert.equal(traceIdIn(found.parent), TRACE_ID);
  });

  it("have the root context without a trace", () => {
    assert.equal(reader.readHttp2({}).parent, ROOT_CONTEXT);
  });
});
