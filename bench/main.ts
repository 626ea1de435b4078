import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { load } from "./load.ts";
import { machine, median } from "./measures.ts";
import { startProgram } from "./process.ts";
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

const register = new URL("../dist/register.js", import.meta.url);
const results = new URL("results.json", import.meta.url);

interface BenchApp {
  readonly title: string;
  readonly program: string;
  readonly path: string;
  readonly requests: number;
}

const apps: readonly BenchApp[] = [
  {
    title: "Express, one winston line",
    program: "apps/express.js",
    path: "/api/users/42",
    requests: 30_000,
  },
  {
    title: "Fastify, hello",
    program: "apps/fastify.js",
    path: "/hello/ada",
    requests: 60_000,
  },
];

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
  if (!existsSync(register)) throw new Error("dist/ is missing: npm run build");
  const sink = await startHttpSink();
  try {
    const preloaded = environmentFor(sink);
    const figures: Figures[] = [];
    for (const app of apps) figures.push(await measureApp(app, preloaded));
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

function environmentFor(sink: HttpSink): NodeJS.ProcessEnv {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}`,
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
    SENTRY_DSN: `http://key@127.0.0.1:${sink.port}/1`,
  };
}

async function measureApp(app: BenchApp, env: NodeJS.ProcessEnv): Promise<Figures> {
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
  return {
    title: app.title,
    bareCpuUs: median(base),
    cpuRatio: median(cpu.all),
    cpuRatioTenth: median(cpu.tenth),
    rssMb: median(rss),
    startMs: start,
  };
}

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

function preload(): string[] {
  return ["--import", fileURLToPath(register)];
}

function log(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

await main();
