import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { RendezvousHash } from "../../../src/export/load-balancing/rendezvous-hash.ts";

const TRACES = 30_000;
const traces: readonly string[] = Array.from({ length: TRACES }, () =>
  randomBytes(16).toString("hex"),
);
const all = (): boolean => true;

for (const count of [2, 3, 30]) {
  const names = Array.from({ length: count }, (_, at) => `gateway-${at}.gateways.svc`);
  const rendezvous = new RendezvousHash(names);
  const chosen = traces.map((trace) => rendezvous.choose(trace, all));

  describe(`Rendezvous hashing over ${count} endpoints`, () => {
    it("assigns each endpoint its share of the traces", () => {
      const share = TRACES / count;
      const shares = names.map((_, index) => chosen.filter((one) => one === index).length);
      // Five standard deviations of a binomial: once in a million runs and endpoints.
      const tolerance = 5 * Math.sqrt(share * (1 - 1 / count));
      for (const traces of shares) assert.ok(Math.abs(traces - share) < tolerance, String(shares));
    });

    it("chooses the same endpoint for any order of the names", () => {
      const turned = new RendezvousHash(names.toReversed());
      for (const [at, trace] of traces.entries()) {
        assert.equal(count - 1 - turned.choose(trace, all), chosen[at]);
      }
    });

    it("moves only the traces of an unavailable endpoint, evenly to all others", () => {
      const removed = 1;
      const moved = new Map<number, number>();
      for (const [at, trace] of traces.entries()) {
        const endpoint = rendezvous.choose(trace, (one) => one !== removed);
        if (chosen[at] === removed) moved.set(endpoint, (moved.get(endpoint) ?? 0) + 1);
        else assert.equal(endpoint, chosen[at]);
      }
      assert.equal(moved.size, count - 1);
      const share = TRACES / count / (count - 1);
      for (const traces of moved.values()) {
        assert.ok(Math.abs(traces - share) < 6 * Math.sqrt(TRACES / count), `${traces}, ${share}`);
      }
    });

    it("chooses none if all are unavailable", () => {
      assert.equal(
        rendezvous.choose(traces[0] ?? "", () => false),
        -1,
      );
    });
  });
}

describe("Rendezvous hashing", () => {
  it("chooses the same endpoints in every version, since services are not upgraded at once", () => {
    const rendezvous = new RendezvousHash(["a.example", "b.example", "c.example"]);
    const chosen = [
      "0af7651916cd43dd8448eb211c80319c",
      "4bf92f3577b34da6a3ce929d0e0e4736",
      "00000000000000000000000000000001",
      "ffffffffffffffffffffffffffffffff",
      "5b8efff798038103d269b633813fc60c",
      "463ac35c9f6413ad48485a3953bb6124",
    ].map((trace) => rendezvous.choose(trace, all));
    assert.deepEqual(chosen, [0, 2, 2, 1, 2, 0]);
  });
});
