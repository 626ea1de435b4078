import assert from "node:assert/strict";
import { bullmqBrokerOf } from "../../../../src/instrumentation/messaging/bullmq/broker.ts";

const rows: readonly (readonly [title: string, connection: unknown, broker: unknown])[] = [
  ["host and port", { host: "redis", port: 6380 }, { address: "redis", port: 6380 }],
  ["a port as a text", { host: "redis", port: "6380" }, { address: "redis", port: 6380 }],
  ["a host alone", { host: "redis" }, { address: "redis" }],
  ["a client", { options: { host: "redis", port: 1 } }, { address: "redis", port: 1 }],
  ["a URL", { url: "rediss://bob:pw@cache.example/2" }, { address: "cache.example", port: 6379 }],
  ["IPv6", { url: "redis://[::1]:6390" }, { address: "::1", port: 6390 }],
  [
    "PostgreSQL",
    { connectionString: "postgresql://bob:pw@db/jobs" },
    { address: "db", port: 5432 },
  ],
  ["a socket", { path: "/run/redis.sock" }, undefined],
  ["no URL", { url: "redis" }, undefined],
  ["nothing", undefined, undefined],
  ["null", null, undefined],
  ["a text", "redis", undefined],
  ["what can't be read", new Proxy({}, { get: () => assert.fail() }), undefined],
];

describe("The broker of a BullMQ queue", () => {
  for (const [title, connection, broker] of rows) {
    it(`is known by ${title}`, () => {
      assert.deepEqual(bullmqBrokerOf(connection), broker);
      assert.equal(bullmqBrokerOf(connection), bullmqBrokerOf(connection));
    });
  }
});
