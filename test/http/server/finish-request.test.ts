import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { finishRequest } from "../../../src/http/server/finish-request.ts";
import type { HttpServerDeps } from "../../../src/http/server/http-server-instrumentation.ts";
import { HttpConnection } from "../../../src/http/server/http-connection.ts";
import { HttpServerRequest } from "../../../src/http/server/server-request.ts";

/** The calls of the collaborators at the end of a request, of which `failing` throws. */
function finish(statusCode: number, failing?: string): { calls: string[]; errors: unknown[] } {
  const calls: string[] = [];
  const errors: unknown[] = [];
  const called = (name: string): void => {
    calls.push(name);
    if (name === failing) throw new Error(name);
  };
  const span = {
    isRecording: () => true,
    updateName: (name: string) => called(`name ${name}`),
    setStatus: () => called("status"),
    recordException: () => called("exception"),
    end: () => called("end"),
  };
  const connection = new HttpConnection(undefined);
  connection.remove = () => called("remove");
  const request = { url: "/", method: "GET", httpVersion: "1.1" } as IncomingMessage;
  const headers = {
    host: undefined,
    userAgent: undefined,
    requestId: "1",
    hasBody: false,
    contentLength: undefined,
    parent: ROOT_CONTEXT,
  };
  const knownMethods = new Set(["GET"]);
  const onLateFailure = (): void => called("late");
  const requestDeps = { knownMethods, userReader: undefined, keepsHeaders: false, onLateFailure };
  const unit = new HttpServerRequest(request, headers, requestDeps, connection);
  unit.span = span as never;
  unit.route = "/";
  unit.recordError(new Error("closed"));
  unit.onEnded(() => called("ended"));
  const deps = {
    metrics: { bindSeries: () => called("series"), requestEnded: () => called("metrics") },
    requests: () => ({ add: () => called("summary") }),
    onServerErrors: () => called("capture"),
    onRateLimited: () => called("limited"),
    requestLog: { slowMs: 0, hasAccessLog: false, requestEnded: () => called("log") },
    onEnded: () => called("count"),
    onInternalError: (error: unknown) => errors.push((error as Error).message),
  };
  finishRequest(deps as unknown as HttpServerDeps, unit, { headersSent: true, statusCode });
  return { calls, errors };
}

describe("The end of a request", () => {
  it("has its steps in order", () => {
    assert.deepEqual(finish(200), {
      calls: [
        "remove",
        "ended",
        "series",
        "log",
        "name GET /",
        "end",
        "metrics",
        "summary",
        "count",
      ],
      errors: [],
    });
  });

  it("reports a status of 429 before the request is released", () => {
    assert.deepEqual(finish(429).calls.slice(2, 5), ["series", "limited", "log"]);
  });

  it("captures the errors of a failed request before its span ends", () => {
    assert.deepEqual(finish(500).calls, [
      ...["remove", "ended", "series", "capture", "log"],
      ...["name GET /", "status", "exception", "end", "metrics", "summary", "count"],
    ]);
  });

  for (const failing of [
    "remove",
    "ended",
    "series",
    "capture",
    "log",
    "end",
    "metrics",
    "summary",
    "count",
  ]) {
    it(`has all other steps when "${failing}" throws`, () => {
      const { calls, errors } = finish(500, failing);
      assert.deepEqual(errors, [failing]);
      assert.deepEqual(calls, finish(500).calls);
    });
  }
});
