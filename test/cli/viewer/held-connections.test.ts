import assert from "node:assert/strict";
import { heldConnections, heldLine } from "../../../src/cli/viewer/held-connections.ts";
import type { UnitDetail } from "../../../src/viewer/model.ts";
import { spanDetail, unitDetail } from "./fixture-source.ts";

const place = { file: "/app/src/orders.js", line: 7, shown: "src/orders.js" };

function waiting(held: unknown, waitedMs: unknown = 300): UnitDetail {
  const attributes = {
    ...{ "telltale.connection.pool": "localhost:5432/shop", "telltale.connection.held": held },
    "telltale.connection.wait_ms": waitedMs,
  };
  return unitDetail({ spans: [spanDetail({ attributes, place })] });
}

describe("Connections for which requests waited", () => {
  it("have the place that took them, relative to the project", () => {
    const [held] = heldConnections([waiting(["2 4210 /app/src/pay.js:19 (pay)"])]);
    assert.deepEqual(held, {
      ...{ pool: "localhost:5432/shop", place: "src/pay.js:19 (pay)", connections: 2 },
      ...{ ms: 4210, waitedMs: 300 },
    });
    assert.equal(
      held && heldLine(held),
      "2 connections of localhost:5432/shop taken at src/pay.js:19 (pay) were not returned for up to 4210 ms, while a request waited 300 ms",
    );
  });

  it("of several requests are one entry for each place, the longest", () => {
    const held = heldConnections([
      waiting(["2 400 /app/a.js:1", "1 10 /app/b.js:2"]),
      waiting(["2 900 /app/a.js:1"]),
    ]);
    assert.deepEqual(
      held.map((one) => [one.place, one.ms]),
      [
        ["a.js:1", 900],
        ["b.js:2", 10],
      ],
    );
  });

  for (const held of [undefined, "2 4 x", [7, null, "", "2 x y", "2 4"], {}]) {
    it(`are none in ${JSON.stringify(held)}`, () => {
      assert.deepEqual(heldConnections([waiting(held, "x")]), []);
    });
  }
});
