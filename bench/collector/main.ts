import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { collectorBinary } from "../../scripts/collector/build.ts";
import { manifest } from "../../scripts/collector/paths.ts";
import { machine, median } from "../measures.ts";
import { type BenchLoad, type BenchRun, runLoad } from "./run.ts";
import {
  type ThroughputResults,
  type Throughput,
  throughputTable,
} from "../../scripts/readme/throughput-table.ts";

/*
 * Measures with `npm run bench:collector` how many spans one core processes with
 * the whole of `gateway.yaml`, without loss. The Collector has one core, the load
 * and the back end another; its own CPU time is measured.
 */

const results = new URL("../collector.json", import.meta.url);
const DECISION_WAIT = "10s";

const loads: readonly (Pick<BenchLoad, "gzip" | "keptPercent"> & { readonly title: string })[] = [
  { title: "from agents, compressed; 10% of traces sampled", gzip: true, keptPercent: 10 },
  { title: "from apps, uncompressed; 10% sampled", gzip: false, keptPercent: 10 },
  {
    title: "from agents; every trace sampled, with the queue on disk",
    gzip: true,
    keptPercent: 100,
  },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    spans: { type: "string", default: "400000" },
    save: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const binary = await collectorBinary();
  const [loadBefore = NaN] = loadavg();
  const measured: Throughput[] = [];
  for (const load of loads) measured.push(await measure(binary, load));
  const found: ThroughputResults = {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    version: /^ {2}version: (\S+)$/m.exec(readFileSync(manifest, "utf8"))?.[1] ?? "unknown",
    rounds: Number(values.rounds),
    loadBefore,
    decisionWait: DECISION_WAIT,
    loads: measured,
  };
  process.stdout.write(`\n${throughputTable(found)}\n`);
  if (values.save) writeFileSync(results, `${JSON.stringify(found, undefined, 2)}\n`);
  else process.stdout.write(`\n${JSON.stringify(found)}\n`);
}

async function measure(binary: string, load: (typeof loads)[number]): Promise<Throughput> {
  const runs: BenchRun[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    process.stderr.write(`bench: ${load.title}: round ${round}\n`);
    const one = await runLoad(binary, {
      ...load,
      decisionWait: DECISION_WAIT,
      spans: Number(values.spans),
    });
    const loss = describeLoss(one);
    if (loss !== undefined) throw new Error(`${load.title}: ${loss}`);
    runs.push(one);
  }
  return {
    title: load.title,
    spansPerCpuSecond: median(runs.map(({ sent, cpuSeconds }) => sent / cpuSeconds)),
    peakMb: median(runs.map(({ peakBytes }) => peakBytes / 1e6)),
    sentPerSecond: median(runs.map(({ sent, sendingSeconds }) => sent / sendingSeconds)),
    sent: median(runs.map(({ sent }) => sent)),
    arrived: median(runs.map(({ arrived }) => arrived)),
  };
}

/** Returns the counts of a run that do not add up, or undefined. */
function describeLoss({
  accepted,
  arrived,
  kept,
  lost,
  duplicates,
  sent,
}: BenchRun): string | undefined {
  const counted = Object.entries(lost).filter(([, count]) => count > 0);
  if (counted.length > 0) return counted.map((entry) => entry.join(": ")).join(", ");
  if (accepted !== sent) return `${sent} spans sent, ${accepted} taken`;
  if (arrived !== kept || duplicates > 0) {
    return `${kept} spans kept, ${arrived} arrived, ${duplicates} of them again`;
  }
  return undefined;
}

await main();
