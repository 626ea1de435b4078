import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { freePort } from "../test/free-port.ts";
import { benchApps, environmentWithoutSentry, preload } from "./benched-apps.ts";
import { load } from "./load.ts";
import { trimmedMean } from "./paired.ts";
import { startProgram } from "./process.ts";
import { startHttpSink } from "./sink.ts";

/*
 * What profiles on demand cost (`node scripts/with-node.mjs bench/profiling.ts`): the CPU of
 * an app per request, with `TELLTALE_PROFILING` while nothing is recorded and during a CPU
 * profile, each beside an app without the variable that gets requests in turn.
 */

const { values } = parseArgs({ options: { turns: { type: "string", default: "20" } } });
const turns = Number(values.turns);
const REQUESTS = 1_000;
const TOKEN = "0123456789abcdef-token";

async function main(): Promise<void> {
  const app = benchApps[0]!;
  const sink = await startHttpSink();
  const env = environmentWithoutSentry(sink);
  const port = String(await freePort());
  const plain = await startProgram(app.program, preload(), env);
  const profiled = await startProgram(app.program, preload(), {
    ...env,
    OTEL_EXPORTER_PROMETHEUS_PORT: port,
    TELLTALE_ADMIN_TOKEN: TOKEN,
    TELLTALE_PROFILING: "on_demand",
  });
  const turnOf = async (server: typeof plain): Promise<number> => {
    const before = await server.usage();
    await load(server.port, app.path, REQUESTS);
    return ((await server.usage()).cpuUs - before.cpuUs) / REQUESTS;
  };
  const compare = async (title: string): Promise<void> => {
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
  };
  try {
    for (const server of [plain, profiled]) await load(server.port, app.path, app.requests / 3);
    await compare("nothing is recorded");
    const recording = fetch(`http://127.0.0.1:${port}/profile/cpu?seconds=60`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    await pause(500);
    await compare("during a CPU profile");
    const before = await profiled.usage();
    const response = await recording;
    const bytes = (await response.arrayBuffer()).byteLength;
    const cpuMs = ((await profiled.usage()).cpuUs - before.cpuUs) / 1000;
    process.stdout.write(
      `status ${response.status}, ${bytes} bytes, ${cpuMs.toFixed(0)} ms of CPU without a request, from the last turn to the response\n`,
    );
  } finally {
    await Promise.all([plain.stop(), profiled.stop()]);
    sink.stop();
  }
}

await main();
