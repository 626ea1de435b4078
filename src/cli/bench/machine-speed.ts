import { rankedValue } from "./figures.ts";
import { sortNumbers } from "../../viewer/percentile.ts";

/** Repetitions of the calculation, which takes a millisecond on a machine of 2024. */
const REPETITIONS = 20;

/**
 * Measures a fixed calculation, which takes more CPU time on a slower machine, and on one whose
 * other processes use the same core and cache: as an app does. Returns the median in
 * milliseconds.
 */
export function measureMachine(): number {
  const times = Array.from({ length: REPETITIONS }, () => {
    const startedAt = cpuTime();
    calculate();
    return cpuTime() - startedAt;
  });
  return rankedValue(sortNumbers(times), 0.5);
}

/** Returns the CPU time of this process in milliseconds. Windows counts it in steps of 16 ms. */
function cpuTime(): number {
  if (process.platform === "win32") return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs the calculation until the engine has optimized it. */
export function warmUpMachine(): void {
  for (let at = 0; at < 3; at++) measureMachine();
}

/** What apps do: objects, strings, sorting, JSON. */
function calculate(): number {
  let seed = 7;
  const rows = Array.from({ length: 1500 }, (_, id) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return { id, name: `item ${seed % 1000}`, price: seed / 1000 };
  });
  rows.sort((a, b) => a.price - b.price);
  return (JSON.parse(JSON.stringify(rows)) as unknown[]).length;
}
