import type { Receiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";
import { nodes } from "../../nodes.ts";
import type { JobRow } from "./rows.ts";

const index = new URL("../../../dist/index.js", import.meta.url).href;

/** Runs the app of a job until it ends: preloaded with a receiver, else bare. */
export function runJob(
  row: JobRow,
  receiver?: Receiver,
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const file = row.moduleSystem === "esm" ? "jobs.mjs" : "jobs.cjs";
  return new Program({
    node: nodes.find(({ name }) => name === row.node)?.path ?? process.execPath,
    flags: receiver === undefined ? [] : preload.import,
    file: new URL(`apps/${file}`, import.meta.url).pathname,
    args: [row.scheduler, row.installed, row.named],
    env: {
      TELLTALE: index,
      ...(receiver !== undefined && {
        ...telemetryEnv(receiver),
        OTEL_METRICS_EXPORTER: "otlp",
      }),
      ...env,
    },
  }).ended;
}
