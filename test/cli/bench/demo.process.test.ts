import assert from "node:assert/strict";
import autocannon from "autocannon";
import { start } from "../../../examples/shop/scenario.ts";
import type { RunningScenario } from "../../../src/cli/demo/scenario.ts";
import { figuresOf } from "../../../src/cli/bench/figures.ts";
import { freePort } from "../../free-port.ts";

/** autocannon rounds each duration down to milliseconds. */
const ROUNDING_MS = 1;

describe("The figures of telltale bench of the demo shop", () => {
  let shop: RunningScenario;

  before(async () => {
    shop = await start({
      preload: [],
      variablesFor: async () => ({
        ...process.env,
        OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
      }),
      log: () => {},
    });
  });

  after(() => shop.stop());

  it("are those that autocannon reports of the same responses, within 3%", async () => {
    const origin = new URL(shop.services[0]?.page ?? "").origin;
    for (const path of ["/api/products", "/api/products/2"]) {
      const durations: number[] = [];
      const statuses = new Map<number, number>();
      const reported = await autocannon({
        ...{ url: `${origin}${path}`, connections: 10, amount: 300 },
        setupClient: (client) => {
          client.on("response", (status, _bytes, ms) => {
            durations.push(ms);
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
          });
        },
      });
      const { latency, duration } = reported;
      const load = { durations, statuses, failures: 0, failure: undefined, runDelayMs: 0 };
      const elapsedMs = duration * 1000;
      const block = { load: { ...load, elapsedMs }, counts: undefined, machineMs: 1 };
      const { requests, errors, requestsPerSecond, ...own } = figuresOf([block], undefined);
      assert.deepEqual([requests, errors], [reported["2xx"], reported.non2xx + reported.errors]);
      assert.ok(Math.abs((requestsPerSecond * duration) / reported.requests.total - 1) < 0.03);
      const rows = [
        ["mean", own.mean, latency.average],
        ["p50", own.p50, latency.p50],
        ["p99", own.p99, latency.p99],
        ["max", own.max, latency.max],
      ] as const;
      for (const [name, ours, theirs] of rows)
        assert.ok(
          theirs <= ours * 1.03 && theirs >= (ours - ROUNDING_MS) * 0.97,
          `${path}: ${name} ${ours}, autocannon ${theirs}`,
        );
    }
  });
});
