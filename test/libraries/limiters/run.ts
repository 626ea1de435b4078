import { fileURLToPath } from "node:url";
import type { Receiver } from "../../../src/testing/receiver.ts";
import {
  preload,
  Program,
  type ProgramOptions,
  type ProgramResult,
  telemetryEnv,
} from "../../integration/program.ts";
import { nodes } from "../../nodes.ts";
import type { Variant } from "../row.ts";
import type { LimiterLibrary } from "./rows.ts";

/** Returns how to run all versions of a library, with a Redis server. */
export function optionsOf(
  { app, installed }: LimiterLibrary,
  { moduleSystem, node }: Omit<Variant, "installed">,
  redisUrl: string,
): ProgramOptions {
  const path = nodes.find(({ name }) => name === node)?.path;
  const args = [app, moduleSystem, redisUrl, ...installed];
  return { file: appFile("main.mjs"), args, ...(path !== undefined && { node: path }) };
}

export function appFile(name: string): string {
  return fileURLToPath(new URL(`apps/${name}`, import.meta.url));
}

/** Runs an app, preloaded, until it has ended and its telemetry has arrived. */
export async function runPreloaded(
  options: ProgramOptions,
  receiver: Receiver,
  ownEnv: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const env = {
    ...telemetryEnv(receiver),
    OTEL_METRICS_EXPORTER: "otlp",
    OTEL_METRIC_EXPORT_INTERVAL: "3600000",
    ...ownEnv,
  };
  const result = await new Program({ ...options, flags: preload.import, env }).ended;
  await receiver.settled();
  return result;
}

/**
 * Returns the output of an app without the times until the next request is allowed, which follow
 * the status and the body, or are a part of the body: a second may end between two requests.
 */
export function withoutTimeLeft(stdout: string): string {
  return stdout.replaceAll(/ \d+(?=,|$)/gm, " N").replaceAll(/(?<=retry in )\d+ \w+/g, "N");
}
