import assert from "node:assert/strict";
import {
  GatewayHealth,
  gatewayBackoff,
} from "../../../src/export/load-balancing/gateway-health.ts";

const PROCESSES = 200;

/** Returns the pauses that as many processes choose for the same gateway, ascending. */
function pausesOf(retryAfterMs = 0): number[] {
  return Array.from({ length: PROCESSES }, () =>
    new GatewayHealth(["one", "two"]).failed(0, retryAfterMs),
  ).toSorted((one, other) => one - other);
}

describe("The pause of a gateway that failed", () => {
  const { firstMs } = gatewayBackoff;

  it("is between half of the back-off and all of it, different for each process", () => {
    const pauses = pausesOf();
    const [least = 0, most = 0] = [pauses[0], pauses.at(-1)];
    assert.ok(least >= firstMs / 2 && most <= firstMs, `${least} to ${most} ms`);
    // With 200 random pauses, a smaller spread has a probability below 1e-20.
    assert.ok(most - least > firstMs / 4, `${least} to ${most} ms`);
    assert.equal(new Set(pauses).size, PROCESSES);
  });

  it("is never shorter than what the gateway asks for", () => {
    assert.ok(pausesOf(5_000).every((pause) => pause >= 5_000));
  });

  it("is that of the first failure if another export fails during it", () => {
    const health = new GatewayHealth(["one", "two"]);
    const pause = health.failed(0, 60_000);
    assert.ok(health.failed(0, 0) <= pause);
    assert.equal(health.isAvailable(0), false);
    assert.equal(health.isAvailable(1), true);
    assert.equal(health.choose("a"), 1);
  });
});
