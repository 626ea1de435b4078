import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BenchApp, benchApps, environmentWithoutSentry, preload } from "./benched-apps.ts";
import { load } from "./load.ts";
import { type Estimate, measurePaired, trimmedMean } from "./paired.ts";
import { startProgram } from "./process.ts";
import { type HttpSink, startHttpSink } from "./sink.ts";

/*
 * What the viewer costs (`node scripts/with-node.mjs bench/viewer.ts`): the CPU of an app
 * per request, with the viewer and with OTLP of all signals to a sink; the memory and the history of the
 * viewer, after each tenth of many requests.
 */

const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "24" },
    // So many that what the viewer takes each second is a small part of a turn, as in an app at work.
    "turn-requests": { type: "string", default: "4000" },
    requests: { type: "string", default: "100000" },
  },
});

async function main(): Promise<void> {
  for (const app of benchApps) await compareCpu(app);
  await fill(benchApps[0]!, Number(values.requests));
}

async function compareCpu(app: BenchApp): Promise<void> {
  const sink = await startHttpSink();
  const viewer = await startViewer();
  try {
    const figures = await measurePaired(
      {
        sink: { execArgv: preload(), env: environmentOfSink(sink) },
        viewer: { execArgv: preload(), env: viewer.env },
      },
      {
        program: app.program,
        path: app.path,
        warmUp: app.requests / 2,
        requests: Number(values["turn-requests"]),
        turns: Number(values.turns),
        settleMs: 500,
      },
    );
    const [toSink, toViewer] = [trimmedMean(figures.sink), trimmedMean(figures.viewer)];
    const ratio = toViewer.value / toSink.value;
    log(`${app.title}: sink ${us(toSink)}, viewer ${us(toViewer)}: ${percent(ratio)}`);
  } finally {
    sink.stop();
    await viewer.stop();
  }
}

/**
 * Returns the environment of an app that exports what the viewer gets, and as often: metrics too,
 * and spans and log records within the turn of their requests, whose CPU time is counted.
 */
function environmentOfSink(sink: HttpSink): NodeJS.ProcessEnv {
  return {
    ...environmentWithoutSentry(sink),
    OTEL_BSP_SCHEDULE_DELAY: "500",
    OTEL_BLRP_SCHEDULE_DELAY: "500",
    OTEL_METRICS_EXPORTER: "otlp,prometheus",
    OTEL_METRIC_EXPORT_INTERVAL: "5000",
    OTEL_METRIC_EXPORT_TIMEOUT: "5000",
  };
}

function us({ value, error }: Estimate): string {
  return `${value.toFixed(1)} ± ${error.toFixed(1)} us of CPU per request`;
}

function percent(ratio: number): string {
  return `${((ratio - 1) * 100).toFixed(1)}%`;
}

/** Sends requests through an app to a viewer, and reports what the viewer has and takes. */
async function fill(app: BenchApp, requests: number): Promise<void> {
  const viewer = await startViewer();
  const server = await startProgram(app.program, preload(), viewer.env);
  try {
    log(`before: ${await viewer.report()}`);
    for (let tenth = 1; tenth <= 10; tenth++) {
      // In parts, since an app drops what a viewer does not take in time.
      for (let part = 0; part < 10; part++) {
        await load(server.port, app.path, requests / 100);
        await pause(100);
      }
      await pause(1_000);
      log(`${(requests / 10) * tenth} requests: ${await viewer.report()}`);
    }
  } finally {
    await server.stop();
    await viewer.stop();
  }
}

interface ViewerProcess {
  readonly env: NodeJS.ProcessEnv;
  report(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts `telltale dev` without a command, in a project of its own. */
export async function startViewer(): Promise<ViewerProcess> {
  const folder = mkdtempSync(join(tmpdir(), "telltale-bench-viewer-"));
  writeFileSync(join(folder, "package.json"), "{}");
  const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
  const child: ChildProcessByStdio<null, Readable, null> = spawn(
    process.execPath,
    [cli, "dev", "--port", "0", "--json"],
    { cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { readonly url: string };
  const state = JSON.parse(readFileSync(join(folder, ".telltale/viewer.json"), "utf8")) as {
    readonly token: string;
  };
  return {
    env: {
      TELLTALE_VIEWER: url,
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    },
    async report() {
      const response = await fetch(`${url}/api/status`, {
        headers: { authorization: `Bearer ${state.token}` },
      });
      const { history } = (await response.json()) as {
        readonly history: { readonly units: number; readonly bytes: number };
      };
      const disk = statSync(join(folder, ".telltale/history.db")).size;
      return `${history.units} units, ${mb(history.bytes)} of history, ${mb(disk)} on disk, ${rssOf(child.pid!)} resident`;
    },
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function rssOf(pid: number): string {
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return mb(Number(kb) * 1_024);
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (process.argv[1]?.endsWith("viewer.ts")) await main();
