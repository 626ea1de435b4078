import { parseArgs } from "node:util";
import { benchApps } from "./benched-apps.ts";
import type { Estimate } from "./paired.ts";
import { measureSentryCost, SENTRY_BUDGET } from "./sentry-cost.ts";
import { startHttpSink } from "./sink.ts";

/*
 * Measures what a DSN costs an app without errors (`node bench/sentry.ts`), and fails if
 * that is certainly more than its budget. On a busy machine more turns make the error
 * smaller.
 */

const { values } = parseArgs({
  options: {
    app: { type: "string" },
    turns: { type: "string", default: "100" },
    starts: { type: "string", default: "30" },
  },
});

async function main(): Promise<void> {
  const sink = await startHttpSink();
  const options = { turns: Number(values.turns), starts: Number(values.starts) };
  try {
    for (const app of benchApps) {
      if (values.app !== undefined && values.app !== app.name) continue;
      const { cpuRatio, startMs } = await measureSentryCost(app, sink, options);
      process.stdout.write(`${app.title}\n`);
      report(
        "CPU per request",
        cpuRatio,
        SENTRY_BUDGET.cpuRatio,
        (ratio) => `${ratio.toFixed(3)} x`,
      );
      report("start", startMs, SENTRY_BUDGET.startMs, (ms) => `${ms.toFixed(1)} ms`);
    }
  } finally {
    sink.stop();
  }
}

function report(
  what: string,
  { value, error }: Estimate,
  budget: number,
  format: (value: number) => string,
): void {
  // Two standard errors: one estimate of forty is further away.
  const isOver = value - 2 * error > budget;
  const isWithin = value + 2 * error <= budget;
  if (isOver) process.exitCode = 1;
  const verdict = isOver ? "over it" : isWithin ? "within it" : "unclear, add --turns and --starts";
  process.stdout.write(
    `  ${what}: + ${format(value)}, standard error ${format(error)}; budget ${format(budget)}: ${verdict}\n`,
  );
}

await main();
