import assert from "node:assert/strict";
import { parsePage, samplesOf } from "../../metrics/exposition.ts";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { type StoreRun, runStore } from "./play.ts";
import { generatePrismaClient } from "./prisma.ts";
import { type PoolTime, rows } from "./rows.ts";
import { type StoreServer, storeServers } from "./servers.ts";
import type { ExpectedStoreSpan } from "./expected-call.ts";

for (const [name, start] of Object.entries(storeServers)) {
  const mine = rows.filter(({ server }) => server === name);
  if (mine.length === 0) continue;
  describe(`Database client (${name})`, () => {
    let server: StoreServer;
    before(async function () {
      server = await start(this);
    });
    after(() => server?.stop());

    for (const row of mine) {
      describe(`${row.library}, ${row.installed}, ${row.moduleSystem}, Node ${row.node}`, () => {
        let result: StoreRun;
        before(async function () {
          const env =
            row.program === "prisma" ? { PRISMA_CLIENT: await generatePrismaClient() } : {};
          result = await runStore(row, server.url, env);
        });

        for (const { step, calls } of row.steps) {
          it(`creates the spans of ${step} below the request's span`, () => {
            const { host, port } = addressOf(server.url);
            const address = { "server.address": host, "server.port": port };
            assert.deepEqual(
              result.calls[step]?.map(({ name, attributes, status }) => ({
                name,
                attributes,
                error: status.code === "ERROR" ? status.message : undefined,
              })),
              calls.map(({ name, attributes, error }) => ({
                name,
                attributes: { ...attributes, ...(row.server !== "none" && address) },
                error,
              })),
            );
          });
        }

        it("adds a breadcrumb for each call, with its statement", () => {
          for (const { step } of row.steps) {
            const event = result.events[step] ?? assert.fail(`no event of ${step}`);
            const found = (event.breadcrumbs ?? []).map(({ message }) => message);
            const calls = result.calls[step] ?? [];
            // A cursor that is left open ends later.
            const ended = calls.filter((call) => hasEndedBefore(event, call)).slice(-100);
            assert.deepEqual(missingIn(found, ended.map(statementOf)), [], step);
            assert.deepEqual(missingIn(calls.map(statementOf), found), [], step);
          }
        });

        it("records each call in the duration metric", () => {
          const counted = countsOf(result);
          for (const call of row.steps.flatMap(({ calls }) => calls)) {
            const expected = row.steps
              .flatMap(({ calls }) => calls)
              .filter((other) => keyOf(other.attributes) === keyOf(call.attributes));
            const count = counted.get(keyOf(call.attributes)) ?? 0;
            if (row.prepares === true) assert.ok(count >= expected.length, call.name);
            else assert.equal(count, expected.length, call.name);
          }
        });

        if (row.pool !== undefined) {
          it("reports the state of its connection pool", () => {
            const { host, port } = addressOf(server.url);
            const name = `${host}:${port}${row.pool}`;
            for (const metric of row.poolMetrics ?? ["count", "max", "pending_requests"]) {
              const samples = samplesOf(parsePage(result.page), `db_client_connection_${metric}`);
              assert.ok(samples.length > 0, metric);
              for (const { labels } of samples) {
                assert.equal(labels["db_client_connection_pool_name"], name);
              }
            }
          });

          it("records the times that its connection pool takes", () => {
            const { host, port } = addressOf(server.url);
            const name = `${host}:${port}${row.pool}`;
            const times = row.poolTimes ?? [];
            const counts = times.map((time) => [time, poolCountOf(result.page, time, name)]);
            for (const [time, count] of counts) assert.ok(Number(count) > 0, String(time));
            // All connections have been returned.
            const { wait_time: waits, use_time: uses } = Object.fromEntries(counts) as {
              readonly [time: string]: unknown;
            };
            assert.equal(waits, uses);
          });
        }

        it("exports no value", () => {
          const { spans, metrics, events } = result.received;
          assert.doesNotMatch(JSON.stringify([spans, metrics, events]), /s3cret/i);
        });

        it("does not change the program's exit code and stderr", () => {
          assert.match(result.process.stderr, row.stderr ?? /^$/);
          assert.equal(result.process.code, 0);
        });
      });
    }
  });
}

/** Whether a call ended before an event was captured, whose time has whole milliseconds. */
function hasEndedBefore(event: ReceivedEvent, { endTimeUnixNano }: ReceivedSpan): boolean {
  return (
    Number(BigInt(endTimeUnixNano) / 1_000_000n) < Math.round(Number(event["timestamp"]) * 1000)
  );
}

function statementOf({ name, attributes }: ReceivedSpan): unknown {
  return attributes["db.query.text"] ?? name;
}

/** Returns the items that a list lacks, each as often as it does. */
function missingIn(list: readonly unknown[], items: readonly unknown[]): unknown[] {
  const rest = [...list];
  return items.filter((item) => {
    const at = rest.indexOf(item);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}

/** Returns how many times a pool has recorded; for timeouts, of all pools. */
function poolCountOf(page: string, time: PoolTime, pool: string): number {
  const isCounter = time === "timeouts";
  const name = `db_client_connection_${time}${isCounter ? "_total" : "_seconds_count"}`;
  const samples = samplesOf(parsePage(page), name);
  const mine = samples.filter(
    ({ labels }) => isCounter || labels["db_client_connection_pool_name"] === pool,
  );
  return mine.reduce((sum, { value }) => sum + value, 0);
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** Joins the attributes that the metric has too. */
function keyOf(attributes: ExpectedStoreSpan["attributes"]): string {
  return METRIC_ATTRIBUTES.map((name) => String(attributes[name])).join(" ");
}

const METRIC_ATTRIBUTES = [
  "db.system.name",
  "db.namespace",
  "db.collection.name",
  "db.operation.name",
  "error.type",
];

function countsOf({ metrics }: StoreRun): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name, points } of metrics) {
    if (name !== "db.client.operation.duration") continue;
    for (const { attributes, count = 0 } of points) counts.set(keyOf(attributes), count);
  }
  return counts;
}
