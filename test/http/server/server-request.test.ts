import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { IN_FLIGHT } from "../../../src/context/in-flight-requests.ts";
import { HttpConnection } from "../../../src/http/server/http-connection.ts";
import {
  ABORTED_BY_CLIENT,
  HttpServerRequest,
  httpSpanName,
} from "../../../src/http/server/server-request.ts";

interface Given {
  readonly url?: string;
  readonly method?: string;
  readonly requestId?: string;
}

class TestRequest {
  readonly late: unknown[] = [];
  readonly connection = new HttpConnection(undefined);
  readonly raw: IncomingMessage;
  readonly unit: HttpServerRequest;

  constructor({ url = "/", method = "GET", requestId = "1" }: Given = {}) {
    const socket = { [IN_FLIGHT]: this.connection };
    this.raw = { url, method, httpVersion: "1.1", socket } as unknown as IncomingMessage;
    const headers = {
      host: "shop.example",
      userAgent: undefined,
      requestId,
      hasBody: false,
      contentLength: undefined,
      parent: ROOT_CONTEXT,
    };
    const deps = {
      knownMethods: new Set(["GET", "POST"]),
      userReader: undefined,
      keepsHeaders: false,
      onLateFailure: (_: HttpServerRequest, error: unknown) => void this.late.push(error),
    };
    this.unit = new HttpServerRequest(this.raw, headers, deps, this.connection);
  }
}

/** Request targets, and path and query on the span. */
const targets: readonly (readonly [url: string, path: string, query: string | undefined])[] = [
  ["/", "/", undefined],
  ["/orders?page=2", "/orders", "page=2"],
  ["/orders?", "/orders", ""],
  ["/orders?a=1?b=2", "/orders", "a=1?b=2"],
  ["/orders?token=abc", "/orders", "token=REDACTED"],
  ["/reset/a1b2c3d4", "/reset/REDACTED", undefined],
  ["*", "*", undefined],
  ["http://shop.example/orders?page=2", "/orders", "page=2"],
  ["http://shop.example", "/", undefined],
  ["HTTPS://bob:pw@shop.example/orders", "/orders", undefined],
];

describe("The span of an HTTP request", () => {
  for (const [url, path, query] of targets) {
    it(`has path ${path} and query ${query} for ${url}`, () => {
      const pairs = new TestRequest({ url }).unit.ownPairs();
      assert.equal(valueOf(pairs, "url.path"), path);
      assert.equal(valueOf(pairs, "url.query"), query);
    });
  }

  it("has the request id", () => {
    const pairs = new TestRequest({ requestId: "abc" }).unit.ownPairs();
    assert.equal(valueOf(pairs, "telltale.request.id"), "abc");
  });

  it("has the original of an unknown method", () => {
    const pairs = new TestRequest({ method: "PURGE" }).unit.ownPairs();
    assert.equal(valueOf(pairs, "http.request.method_original"), "PURGE");
    assert.equal(
      valueOf(new TestRequest().unit.ownPairs(), "http.request.method_original"),
      undefined,
    );
  });

  it("has an abort by the client, but not one by the server", () => {
    const { unit } = new TestRequest();
    unit.abort = ABORTED_BY_CLIENT;
    assert.equal(valueOf(unit.ownPairs(), "telltale.request.aborted"), true);
    unit.abort = { by: "server" };
    assert.equal(valueOf(unit.ownPairs(), "telltale.request.aborted"), undefined);
  });

  for (const [method, route, name] of [
    ["GET", "/users/:id", "GET /users/:id"],
    ["GET", undefined, "GET"],
    ["_OTHER", "/users/:id", "HTTP /users/:id"],
    ["_OTHER", undefined, "HTTP"],
  ] as const) {
    it(`is named ${name}`, () => assert.equal(httpSpanName(method, route), name));
  }
});

describe("An HTTP request", () => {
  const error = new Error("closed");

  it("has the status of a response whose head was sent, unless it is known before", () => {
    const { unit } = new TestRequest();
    unit.finalize({ headersSent: true, statusCode: 201 });
    assert.equal(unit.statusCode, 201);
    const { unit: written } = new TestRequest();
    written.statusCode = 404;
    written.finalize({ headersSent: true, statusCode: 500 });
    assert.equal(written.statusCode, 404);
    const { unit: unsent } = new TestRequest();
    unsent.finalize({ headersSent: false, statusCode: 200 });
    assert.equal(unsent.statusCode, undefined);
  });

  it("references neither request nor response after its end", () => {
    const { unit } = new TestRequest();
    unit.response = { headersSent: true } as ServerResponse;
    unit.finalize(undefined);
    unit.releaseRequest();
    assert.deepEqual([unit.request, unit.response, unit.ended], [undefined, undefined, true]);
  });

  it("takes the route that Express has set on the request", () => {
    const { unit, raw } = new TestRequest();
    Object.assign(raw, { baseUrl: "/shop", route: { path: "/orders/:id" } });
    assert.equal(unit.currentRoute(), "/shop/orders/:id");
  });

  it("fails with 500 and above, and with an error type", () => {
    const { unit } = new TestRequest();
    const failed = (statusCode: number | undefined, errorType?: string): boolean =>
      Object.assign(unit, { statusCode, errorType }).failed;
    assert.deepEqual(
      [failed(undefined), failed(200), failed(499), failed(500), failed(200, "TypeError")],
      [false, false, false, true, true],
    );
  });

  it("records an error for the response before its head is sent", () => {
    const { unit } = new TestRequest();
    unit.recordError(error);
    assert.deepEqual([unit.error, unit.failures], [error, undefined]);
  });

  it("records an error as a failure once the head is sent, unless it is a client error", () => {
    const { unit } = new TestRequest();
    unit.response = { headersSent: true } as ServerResponse;
    unit.recordError(Object.assign(new Error("no"), { status: 404 }));
    unit.recordError(error);
    assert.deepEqual([unit.error, unit.failures], [undefined, [error]]);
  });

  it("reports an error after its end once, as a late failure", () => {
    const { unit, late } = new TestRequest();
    unit.finalize(undefined);
    unit.recordError(error);
    unit.recordError(error);
    assert.deepEqual(late, [error]);
  });

  it("belonged to its request after its end, by connection and target", () => {
    const { unit, raw } = new TestRequest({ url: "/orders" });
    assert.equal(unit.belongedTo(raw), false);
    unit.finalize(undefined);
    assert.equal(unit.belongedTo(raw), true);
    assert.equal(unit.belongedTo({ socket: raw.socket, url: "/", originalUrl: "/orders" }), true);
    assert.equal(unit.belongedTo({ socket: raw.socket, url: "/other" }), false);
    assert.equal(unit.belongedTo(new TestRequest({ url: "/orders" }).raw), false);
  });
});

function valueOf(pairs: readonly unknown[], name: string): unknown {
  const at = pairs.indexOf(name);
  return at === -1 ? undefined : pairs[at + 1];
}
