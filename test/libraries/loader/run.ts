import { fileURLToPath } from "node:url";
import type { Receiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";
import { nodes } from "../../nodes.ts";
import type { UpstreamLibraryRow } from "./rows.ts";

const apps = fileURLToPath(new URL("apps/", import.meta.url));

/** Runs the scenario of a row, preloaded, until it has ended and its telemetry has arrived. */
export async function runScenario(
  row: UpstreamLibraryRow,
  args: readonly string[],
  receiver: Receiver,
  ownEnv: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const { scenario, installed, moduleSystem, env } = row;
  const program = new Program({
    node: nodes.find(({ name }) => name === row.node)?.path ?? process.execPath,
    flags: [...preload.import],
    file: `${apps}main.${moduleSystem === "esm" ? "mjs" : "cjs"}`,
    args: [scenario, installed, ...args],
    env: {
      ...telemetryEnv(receiver),
      OTEL_LOG_LEVEL: "warn",
      NODE_NO_WARNINGS: "1",
      ...env,
      ...ownEnv,
    },
  });
  const ended = await program.ended;
  await receiver.settled();
  return ended;
}
