import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BenchComparison } from "../src/cli/bench/comparison/comparison.ts";
import type { BenchResult } from "../src/cli/bench/result.ts";
import { freePort } from "../src/cli/child-process.ts";
import { root } from "../scripts/node.mjs";

/*
 * Measures `telltale bench` itself: a baseline, then in turn a run without a change and a run
 * of an app that is slower by 20%. Prints how often `--compare` has ended with 1:
 *
 *   node scripts/with-node.mjs bench/command.ts [--runs 20] [--one-run] [--out FILE]
 *
 * With --one-run, each run measures both apps in turn (`--against`), without a baseline. With --out, the medians of all blocks are written, as test/cli/bench/fixtures has them.
 */

const { values } = parseArgs({
  options: {
    ...{ runs: { type: "string", default: "20" }, out: { type: "string" } },
    ...{ "one-run": { type: "boolean", default: false } },
  },
});
const runs = Number(values.runs);
const cli = join(root, "dist/cli.js");
const app = join(root, "bench/apps/slowed.js");

interface Recorded {
  readonly slowdown: number;
  readonly exitCode: number | null;
  readonly change: string | undefined;
  readonly blocks: readonly (readonly [name: string, blocks: readonly (readonly number[])[]])[];
}

const folder = mkdtempSync(join(tmpdir(), "telltale-bench-"));
const [before, after] = [join(folder, "before"), join(folder, "after")];
try {
  for (const one of [before, after]) mkdirSync(one);
  writeFileSync(join(before, "slowdown"), "1");
  const port = await freePort();
  const comparing = values["one-run"] ? ["--against", before] : ["--compare"];
  const recorded: Recorded[] = values["one-run"] ? [] : [await run(port, 1, ["--save"])];
  for (let at = 0; at < runs; at++)
    for (const slowdown of [1, 1.2]) {
      const one = await run(port, slowdown, comparing);
      recorded.push(one);
      // After each, so that a measurement that is stopped has its runs.
      if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(recorded)}\n`);
      process.stdout.write(`${at + 1} ×${slowdown}: exit ${one.exitCode}, ${one.change}\n`);
    }
  for (const slowdown of [1, 1.2]) {
    const own = recorded.filter((one) => one.slowdown === slowdown && one.change !== undefined);
    const failed = own.filter(({ exitCode }) => exitCode === 1);
    process.stdout.write(`×${slowdown}: ${failed.length} of ${own.length} runs have failed\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Runs the command with an app that is slower by a factor. */
async function run(port: number, slowdown: number, options: readonly string[]): Promise<Recorded> {
  const targets = ["/wait", "/compute"].map((path) => `http://127.0.0.1:${port}${path}`);
  writeFileSync(join(after, "slowdown"), String(slowdown));
  const args = [cli, "bench", ...targets, "--iterations", "200", "--json", ...options];
  const child = spawn(process.execPath, [...args, "--", process.execPath, app], {
    ...{ cwd: after, stdio: ["ignore", "pipe", "ignore"] },
    env: { ...process.env, PORT: String(port) },
  });
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const [exitCode] = (await once(child, "close")) as [number | null];
  const result = JSON.parse(text) as BenchResult & {
    readonly comparison?: BenchComparison;
  };
  return {
    ...{ slowdown, exitCode },
    change: result.comparison?.endpoints
      .map(({ change, cpuTime }) => `${change}${cpuTime?.isMore ? " and more CPU time" : ""}`)
      .join(", "),
    blocks: result.endpoints.map(({ name, blocks }) => [
      name,
      blocks.map(({ median, machineMs, p10, thread }) => [
        ...[median, machineMs, p10, thread?.undelayedMean, thread?.delayShare].map(short),
        ...[thread?.cpuShare, thread?.cpuMs].map(short),
      ]),
    ]),
  };
}

function short(value = 0): number {
  return Number(value.toFixed(3));
}
