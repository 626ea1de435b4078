import { fileURLToPath } from "node:url";
import type { Receiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { type ProgramResult, Program, type ProgramOptions, telemetryEnv } from "../program.ts";

export interface AppRunOptions extends Partial<ProgramOptions> {
  /** A file of `apps/`. */
  readonly app: string;
}

/** Runs an app of `apps/` in a separate process. */
export async function runApp({ app, ...options }: AppRunOptions): Promise<ProgramResult> {
  const program = new Program({ file: appPath(app), ...options });
  return program.ended;
}

export function appPath(app: string): string {
  return fileURLToPath(new URL(`apps/${app}`, import.meta.url));
}

/** Exports all signals to the receiver, and uses a free port for the metrics page. */
export async function appTelemetryEnv(receiver: Receiver): Promise<Record<string, string>> {
  return {
    ...telemetryEnv(receiver),
    OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
    OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
  };
}
