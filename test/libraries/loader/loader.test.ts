import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startMemcached } from "../servers/memcached.ts";
import type { StartedServer } from "../servers/server.ts";
import { type ExpectedUpstreamSpan, rows, type UpstreamLibraryRow } from "./rows.ts";
import { runScenario } from "./run.ts";

describe("Upstream's instrumentation of", function () {
  const servers: StartedServer[] = [];
  const addresses: Partial<Record<NonNullable<UpstreamLibraryRow["server"]>, string>> = {};
  before(async () => {
    const [mariadb, memcached] = await Promise.all([startMariaDb(), startMemcached()]);
    servers.push(mariadb, memcached);
    Object.assign(addresses, { mariadb: mariadb.url, memcached: memcached.address });
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  for (const row of rows) {
    const { installed, moduleSystem, node, server, args = [], secrets = [] } = row;
    it(`${installed}, ${moduleSystem}, Node ${node}: ${row.supports}`, async () => {
      const address = server === undefined ? [] : [addresses[server] ?? ""];
      const receiver = await startReceiver();
      try {
        const ended = await runScenario(row, [...address, ...args], receiver);
        assert.deepEqual([ended.code, ended.stderr], [0, ""]);
        for (const expected of row.spans) find(expected, receiver.spans);
        const allTelemetry = JSON.stringify(receiver.spans);
        for (const [name, count] of Object.entries(row.metrics ?? {}))
          assert.equal(countOf(receiver, name), count, name);
        for (const secret of secrets) assert.ok(!allTelemetry.includes(secret), allTelemetry);
      } finally {
        await receiver.close();
      }
    });
  }
});

/** Returns the last count of a metric, a counter or a histogram. */
function countOf({ metrics }: Receiver, name: string): number | undefined {
  const point = metrics.findLast((metric) => metric.name === name)?.points[0];
  return point?.count ?? point?.value;
}

/** Fails with a list of all spans if there is no such span. */
function find(expected: ExpectedUpstreamSpan, spans: readonly ReceivedSpan[]): void {
  const { name, kind, below = "work", attributes = {}, fails = false } = expected;
  const found = spans.some((span) => {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    return (
      span.name === name &&
      span.kind === kind &&
      parent?.name === below &&
      parent.traceId === span.traceId &&
      (span.status.code === "ERROR") === fails &&
      Object.entries(attributes).every(([key, value]) => span.attributes[key] === value)
    );
  });
  const shown = spans.map((span) => ({ ...span, events: undefined }));
  assert.ok(found, `${JSON.stringify(expected)} is not in ${JSON.stringify(shown, undefined, 1)}`);
}
