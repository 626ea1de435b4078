import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freePort } from "../test/free-port.ts";
import { benchApps, environmentWithoutSentry, preload } from "./benched-apps.ts";
import { load } from "./load.ts";
import { trimmedMean } from "./paired.ts";
import { startProgram } from "./process.ts";
import { startHttpSink } from "./sink.ts";

/*
 * What profiles cost (`node scripts/with-node.mjs bench/profiling.ts`): the CPU of an app per
 * request, with `TELLTALE_PROFILING` while nothing is recorded, during a CPU profile, and
 * with continuous profiles, each beside an app without the variable that gets requests in
 * turn; and the time that the end of each continuous profile keeps the event loop busy.
 */

const { values } = parseArgs({
  options: { turns: { type: "string", default: "20" } },
});
const turns = Number(values.turns);
const REQUESTS = 5_000;
const TOKEN = "0123456789abcdef-token";
const app = benchApps[0]!;
/** Where the tests have installed the package, which the app has not. */
const packages = fileURLToPath(
  new URL("../test/libraries/profilers/node_modules", import.meta.url),
);

type Server = Awaited<ReturnType<typeof startProgram>>;

async function main(): Promise<void> {
  const sink = await startHttpSink();
  const env = environmentWithoutSentry(sink);
  const port = String(await freePort());
  const folder = mkdtempSync(join(tmpdir(), "telltale-bench-"));
  const start = (variables: NodeJS.ProcessEnv): Promise<Server> =>
    startProgram(app.program, preload(), { ...env, ...variables });
  const plain = await start({});
  const onDemand = await start({
    OTEL_EXPORTER_PROMETHEUS_PORT: port,
    TELLTALE_ADMIN_TOKEN: TOKEN,
    TELLTALE_PROFILING: "on_demand",
  });
  const continuousPort = String(await freePort());
  const continuous = await start({
    NODE_PATH: packages,
    OTEL_EXPORTER_PROMETHEUS_PORT: continuousPort,
    TELLTALE_PROFILING: "continuous",
    TELLTALE_PROFILING_EXPORT: folder,
  });
  try {
    await compare("continuous profiles", plain, continuous);
    await measureEnds(continuous, continuousPort, folder);
    await compare("nothing is recorded", plain, onDemand);
    await measureOnDemand(plain, onDemand, port);
  } finally {
    await Promise.all([plain.stop(), onDemand.stop(), continuous.stop()]);
    sink.stop();
    rmSync(folder, { recursive: true });
  }
}

async function compare(title: string, plain: Server, profiled: Server): Promise<void> {
  // After minutes without requests V8 has flushed code.
  for (const server of [plain, profiled]) await load(server.port, app.path, app.requests / 3);
  const figures: { plain: number[]; profiled: number[] } = { plain: [], profiled: [] };
  for (let turn = 0; turn < turns; turn++) {
    const order =
      turn % 2 === 0 ? (["plain", "profiled"] as const) : (["profiled", "plain"] as const);
    for (const name of order) figures[name].push(await turnOf({ plain, profiled }[name]));
  }
  const [off, on] = [trimmedMean(figures.plain), trimmedMean(figures.profiled)];
  const percent = ((on.value / off.value - 1) * 100).toFixed(1);
  process.stdout.write(
    `${title}: ${off.value.toFixed(1)} ± ${off.error.toFixed(1)} us without, ${on.value.toFixed(1)} ± ${on.error.toFixed(1)} us with: ${percent}%\n`,
  );
}

async function turnOf(server: Server): Promise<number> {
  const before = await server.usage();
  await load(server.port, app.path, REQUESTS);
  return ((await server.usage()).cpuUs - before.cpuUs) / REQUESTS;
}

/** Sends requests until two minutes have been exported; reports what their ends have cost. */
async function measureEnds(server: Server, port: string, folder: string): Promise<void> {
  while (readdirSync(folder).length < 4) await load(server.port, app.path, REQUESTS);
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const [, seconds] =
    /^telltale_telemetry_time_seconds_total\{.*"profiles".*\} (\S+)$/m.exec(page) ?? [];
  const minutes = readdirSync(folder).length / 2;
  process.stdout.write(
    `the end of each minute: ${((Number(seconds) * 1000) / minutes).toFixed(1)} ms, in ${minutes} minutes\n`,
  );
}

async function measureOnDemand(plain: Server, profiled: Server, port: string): Promise<void> {
  const recording = fetch(`http://127.0.0.1:${port}/profile/cpu?seconds=60`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  await pause(500);
  await compare("during a CPU profile", plain, profiled);
  const before = await profiled.usage();
  const response = await recording;
  const bytes = (await response.arrayBuffer()).byteLength;
  const cpuMs = ((await profiled.usage()).cpuUs - before.cpuUs) / 1000;
  process.stdout.write(
    `status ${response.status}, ${bytes} bytes, ${cpuMs.toFixed(0)} ms of CPU without a request, from the last turn to the response\n`,
  );
}

await main();
