import { parseArgs } from "node:util";
import { benchApps, environmentWithoutSentry, preload } from "./benched-apps.ts";
import { measurePaired, trimmedMean } from "./paired.ts";
import { startHttpSink } from "./sink.ts";

/*
 * Measures what the access log adds to a request (`node bench/access-log.ts`): CPU time
 * compared with the same preloaded app without it. Its lines go to /dev/null, its records
 * to a local sink.
 */

const { values } = parseArgs({
  options: { app: { type: "string" }, turns: { type: "string", default: "40" } },
});

const variants = {
  none: { TELLTALE_SLOW_REQUEST_MS: "0" },
  "slow requests (default)": {},
  "the access log": { TELLTALE_ACCESS_LOG: "all" },
};

async function main(): Promise<void> {
  const sink = await startHttpSink();
  try {
    for (const app of benchApps) {
      if (values.app !== undefined && values.app !== app.name) continue;
      const env = environmentWithoutSentry(sink);
      const execArgv = preload();
      const figures = await measurePaired(
        Object.fromEntries(
          Object.entries(variants).map(([name, more]) => [
            name,
            { execArgv, env: { ...env, ...more } },
          ]),
        ),
        { ...app, warmUp: 3000, requests: 500, turns: Number(values.turns) },
      );
      report(app.title, figures);
    }
  } finally {
    sink.stop();
  }
}

function report(title: string, figures: Readonly<Record<string, readonly number[]>>): void {
  process.stdout.write(`${title}\n`);
  const base = figures["none"] ?? [];
  for (const [name, own] of Object.entries(figures)) {
    const { value, error } = trimmedMean(own.map((us, turn) => us - (base[turn] ?? us)));
    const { value: total } = trimmedMean(own);
    process.stdout.write(
      `  ${name}: ${total.toFixed(1)} us per request, + ${value.toFixed(2)} us, standard error ${error.toFixed(2)} us\n`,
    );
  }
}

await main();
