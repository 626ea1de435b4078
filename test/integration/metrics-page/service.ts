import { fileURLToPath } from "node:url";
import type { Receiver } from "../../../src/testing/receiver.ts";
import { freePort } from "../../free-port.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

/** A preloaded service with a page of metrics. */
export interface PageService {
  readonly program: Program;
  readonly url: string;
  readonly adminPort: number;
  stop(): Promise<void>;
}

export async function startPageService(
  receiver: Receiver,
  env: Readonly<Record<string, string>> = {},
): Promise<PageService> {
  const adminPort = await freePort();
  const program = new Program({
    file: fileURLToPath(new URL("service.mjs", import.meta.url)),
    flags: preload.import,
    env: { ...telemetryEnv(receiver), OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort), ...env },
  });
  const port = await program.waitForStdout((stdout) => /^port (\d+)\n/.exec(stdout)?.[1]);
  return {
    program,
    adminPort,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      program.kill("SIGTERM");
      await program.ended;
    },
  };
}
