import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Postgres, startPostgres } from "../../../../examples/shop/postgres.ts";
import { nodes } from "../../../nodes.ts";
import type { TestBundle } from "../../../bundle.ts";
import { bundleInstrumentationFixtures } from "../../bundle.ts";
import type { QueriesOutput } from "../../fixtures/queries.ts";
import { queries } from "./queries.ts";

const run = promisify(execFile);

describe("pg", () => {
  let fixtures: TestBundle;
  let database: Postgres;
  before(async function () {
    [fixtures, database] = await Promise.all([bundleInstrumentationFixtures(), startPostgres()]);
  });
  after(() => Promise.all([fixtures.remove(), database.stop()]));

  for (const node of nodes) {
    for (const how of ["require", "import"]) {
      describe(`by ${how}, Node ${node.name}: a query`, () => {
        let output: { stdout: string; stderr: string };
        let results: QueriesOutput["results"];
        let unconnected: QueriesOutput["unconnected"];
        let pools: QueriesOutput["pools"];
        before(async () => {
          const env = { ...process.env, DATABASE_URL: database.url };
          output = await run(node.path, [fixtures.path("queries"), how], { env });
          ({ results, unconnected, pools } = JSON.parse(output.stdout) as QueriesOutput);
        });

        for (const [place, { title, spans }] of queries.entries()) {
          it(title, () => {
            const result = results[place];
            assert.deepEqual(
              result?.spans.map(({ name, error, isChild }) => ({ name, error, isChild })),
              spans.map(({ name, error }) => ({ name, error, isChild: true })),
            );
            for (const [at, { attributes = {} }] of spans.entries()) {
              for (const [key, value] of Object.entries(attributes)) {
                const expected = value && inAddress(database.url, value);
                assert.equal(result?.spans[at]?.attributes[key], expected, key);
              }
            }
          });
        }

        it("is recorded once in the metric, with its operation and its failure", () => {
          for (const { spans, durations } of results) {
            assert.deepEqual(
              durations.map((attributes) => [
                attributes["db.operation.name"],
                attributes["error.type"],
              ]),
              spans.map(({ attributes }) => [
                attributes["db.operation.name"],
                attributes["error.type"],
              ]),
            );
          }
        });

        it("without a server is recorded as one that failed", () => {
          const expected = {
            "db.system.name": "postgresql",
            "db.namespace": "shop",
            "error.type": "ECONNREFUSED",
            "server.address": "127.0.0.1",
            "server.port": 1,
          };
          assert.deepEqual(unconnected, [expected, expected]);
        });

        it("has its duration in seconds", () => {
          for (const { longest, took } of results)
            assert.ok(longest > 0 && longest <= took, `${longest} of ${took}`);
        });

        it("has its pools counted, two of one database together", () => {
          const pool = inAddress(database.url, "<host>:<port>/<database>");
          const expected = [
            [`db.client.connection.count of ${pool}`, "idle", 2],
            [`db.client.connection.count of ${pool}`, "used", 1],
            [`db.client.connection.max of ${pool}`, null, 13],
            [`db.client.connection.idle.min of ${pool}`, null, 0],
            [`db.client.connection.pending_requests of ${pool}`, null, 0],
          ];
          assert.deepEqual(pools, expected);
        });

        it("exports neither literals nor the password", () => {
          const password = new URL(database.url).password;
          assert.doesNotMatch(output.stdout, /Secret|bob/i);
          assert.ok(!output.stdout.includes(password));
        });

        it("writes nothing to stderr", () => assert.equal(output.stderr, ""));
      });
    }
  }
});

function inAddress(address: string, text: string): string {
  const { hostname, port, pathname } = new URL(address);
  return text
    .replace("<host>", hostname)
    .replace("<port>", port || "5432")
    .replace("<database>", pathname.slice(1));
}
