import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type BenchApp, benchApps, environmentFor, preload } from "./benched-apps.ts";
import { load } from "./load.ts";
import { machine, median } from "./measures.ts";
import { startProgram } from "./process.ts";
import { measureSentryCost } from "./sentry-cost.ts";
import { type HttpSink, startHttpSink } from "./sink.ts";
import {
  type Figures,
  type BenchResults,
  renderBenchTable,
} from "../scripts/readme/bench-table.ts";

/*
 * Runs the same apps bare and preloaded, in turn (`npm run bench`). Only ratios
 * are comparable; absolute times depend on the machine.
 */

const results = new URL("results.json", import.meta.url);

interface BenchVariant {
  readonly name: "all" | "tenth";
  readonly title: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Configurations: all signals and Sentry, with different sampling ratios. */
const variants: readonly BenchVariant[] = [
  { name: "all", title: "every trace", env: {} },
  {
    name: "tenth",
    title: "traces sampled at 10%, errors kept",
    env: { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" },
  },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    starts: { type: "string", default: "15" },
    save: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  const sink = await startHttpSink();
  try {
    const figures: Figures[] = [];
    for (const app of benchApps) figures.push(await measureApp(app, sink));
    const found: BenchResults = {
      date: new Date().toISOString().slice(0, 10),
      machine: machine(),
      rounds: Number(values.rounds),
      apps: figures,
    };
    process.stdout.write(`\n${renderBenchTable(found)}\n`);
    if (values.save) writeFileSync(results, `${JSON.stringify(found, undefined, 2)}\n`);
    else process.stdout.write(`\n${JSON.stringify(found)}\n`);
  } finally {
    sink.stop();
  }
}

async function measureApp(app: BenchApp, sink: HttpSink): Promise<Figures> {
  const env = environmentFor(sink);
  const cpu: Record<BenchVariant["name"], number[]> = { all: [], tenth: [] };
  const rss: number[] = [];
  const base: number[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    log(`${app.title}: round ${round}`);
    const bare = await run(app, [], {});
    base.push(bare.cpuUs);
    for (const variant of variants) {
      const preloaded = await run(app, preload(), { ...env, ...variant.env });
      cpu[variant.name].push(preloaded.cpuUs / bare.cpuUs);
      if (variant.name === "all") rss.push((preloaded.rssBytes - bare.rssBytes) / 1e6);
    }
  }
  const start = await measureStart(app, env);
  log(`${app.title}: with and without a DSN`);
  const sentry = await measureSentryCost(app, sink, {
    turns: TURNS_PER_ROUND * Number(values.rounds),
    starts: Number(values.starts),
  });
  return {
    title: app.title,
    bareCpuUs: median(base),
    cpuRatio: median(cpu.all),
    cpuRatioTenth: median(cpu.tenth),
    rssMb: median(rss),
    startMs: start,
    sentryCpuRatio: sentry.cpuRatio.value,
    sentryStartMs: sentry.startMs.value,
  };
}

/** Turns of requests for the comparison with and without a DSN. */
const TURNS_PER_ROUND = 20;

/** CPU time of the server process per request, after a warm-up. */
async function run(
  app: BenchApp,
  execArgv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ cpuUs: number; rssBytes: number }> {
  const server = await startProgram(app.program, execArgv, env);
  try {
    // During warm-up V8 compiles: on Express its threads took a fifth of the CPU.
    await load(server.port, app.path, app.requests);
    const before = await server.usage();
    await load(server.port, app.path, app.requests);
    const after = await server.usage();
    return { cpuUs: (after.cpuUs - before.cpuUs) / app.requests, rssBytes: after.rssBytes };
  } finally {
    await server.stop();
  }
}

/** Time that the preload adds until the app listens, in milliseconds. */
async function measureStart(app: BenchApp, env: NodeJS.ProcessEnv): Promise<number> {
  log(`${app.title}: start`);
  const added: number[] = [];
  for (let count = 0; count < Number(values.starts); count++) {
    const bare = await startTimeOf(app, [], {});
    const preloaded = await startTimeOf(app, preload(), env);
    added.push(preloaded - bare);
  }
  return median(added);
}

async function startTimeOf(
  app: BenchApp,
  execArgv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const server = await startProgram(app.program, execArgv, env);
  await server.stop();
  return server.startedInMs;
}

function log(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

await main();
