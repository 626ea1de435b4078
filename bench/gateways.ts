import { randomBytes } from "node:crypto";
import { RendezvousHash } from "../src/export/load-balancing/rendezvous-hash.ts";

/*
 * Measures with `node bench/gateways.ts` how traces are divided among gateways, how
 * many move when one is added or removed, and the cost of a choice: the figures of
 * docs/scaling.md.
 */

const TRACES = 300_000;
const traces = Array.from({ length: TRACES }, () => randomBytes(16).toString("hex"));
const acceptAll = (): boolean => true;

for (const count of [3, 30]) {
  const names = Array.from({ length: count + 1 }, (_, at) => `gateway-${at}.gateways.svc`);
  const rendezvous = new RendezvousHash(names.slice(0, count));
  const grown = new RendezvousHash(names);
  const shares = new Float64Array(count);
  const inherited = new Float64Array(count);
  let [strayCount, movedCount] = [0, 0];
  for (const trace of traces) {
    const chosen = rendezvous.choose(trace, acceptAll);
    shares[chosen] = (shares[chosen] ?? 0) + 1;
    const next = rendezvous.choose(trace, (index) => index !== 0);
    if (chosen === 0) inherited[next] = (inherited[next] ?? 0) + 1;
    else if (next !== chosen) strayCount++;
    if (grown.choose(trace, acceptAll) !== chosen) movedCount++;
  }
  const mean = TRACES / count;
  const without = TRACES / (count - 1);
  const loads = shares.map((share, index) => share + (inherited[index] ?? 0)).slice(1);
  console.log(
    [
      `${count} gateways, ${TRACES} traces`,
      `share of a gateway: ${percent(Math.min(...shares) / mean)} to ${percent(Math.max(...shares) / mean)} of the mean`,
      `one removed: ${percent((shares[0] ?? 0) / TRACES)} of the traces move, ${strayCount} of others; then ${percent(Math.min(...loads) / without)} to ${percent(Math.max(...loads) / without)} of the new mean`,
      `one added: ${percent(movedCount / TRACES)} move`,
      `one choice: ${nanoseconds(rendezvous)} ns`,
    ].join("\n  "),
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function nanoseconds(rendezvous: RendezvousHash): string {
  const rounds = Array.from({ length: 7 }, () => {
    const start = performance.now();
    for (const trace of traces) rendezvous.choose(trace, acceptAll);
    return ((performance.now() - start) * 1e6) / TRACES;
  });
  return (rounds.toSorted((a, b) => a - b)[3] ?? 0).toFixed(0);
}
