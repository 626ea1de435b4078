import assert from "node:assert/strict";
import { metrics, SpanStatusCode } from "@opentelemetry/api";
import type { AdaptorDeps } from "../../../src/instrumentation/loading/adaptor.ts";
import { DatabaseCalls } from "../../../src/instrumentation/database-client/database-call.ts";
import { collectingProvider } from "../../traces/provider.ts";

class DisconnectsClientError extends Error {}
class WatchError extends Error {}

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error("it was 's3cret'"), { name, ...more });
}

const unreadable = new Proxy(new Error("x"), {
  get: () => assert.fail("read"),
  has: () => assert.fail("asked"),
  getPrototypeOf: () => assert.fail("looked up"),
});

interface CallOutcome {
  readonly title: string;
  readonly error: unknown;
  /** `error.type`; undefined if the call is no failure. */
  readonly type?: string;
  readonly message?: string;
}

const callOutcomes: readonly CallOutcome[] = [
  { title: "an abort signal's reason", error: AbortSignal.abort().reason },
  { title: "Node's AbortError", error: named("AbortError", { code: "ABORT_ERR" }) },
  { title: "the app closing its client", error: new DisconnectsClientError("closed") },
  {
    title: "a closed cursor",
    error: named("MongoServerError", { codeName: "CursorKilled" }),
  },
  {
    title: "a timeout",
    error: new DOMException("late", "TimeoutError"),
    type: "TimeoutError",
    message: "late",
  },
  {
    title: "a lost connection in ioredis",
    error: named("AbortError"),
    type: "AbortError",
    message: "it was ?",
  },
  {
    title: "a class that does not set `name`",
    error: new WatchError("changed"),
    type: "WatchError",
    message: "changed",
  },
  { title: "a value that is no Error", error: "s3cret", type: "_OTHER", message: "" },
  { title: "an unreadable error", error: unreadable, type: "_OTHER", message: "" },
];

describe("A database call ends", () => {
  for (const { title, error, type, message } of callOutcomes) {
    it(`${type === undefined ? "without" : "with"} an error for ${title}`, () => {
      const { provider, exported } = collectingProvider();
      const services = {
        tracerProvider: provider,
        meterProvider: metrics,
      } as unknown as AdaptorDeps;
      const calls = new DatabaseCalls(services, { scope: "x", version: "1", needsParent: false });
      calls.start("GET", { "db.system.name": "redis" }).fail(error);
      const [span] = exported;
      assert.equal(span?.attributes["error.type"], type);
      const failed = { code: SpanStatusCode.ERROR, message };
      assert.deepEqual(span?.status, type === undefined ? { code: SpanStatusCode.UNSET } : failed);
    });
  }
});
