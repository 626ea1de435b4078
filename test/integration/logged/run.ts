import { fileURLToPath } from "node:url";
import type { ReceivedEvent, ReceivedLog, ReceivedSpan } from "../../../src/testing/received.ts";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../program.ts";

/** What a program has printed and sent. */
export interface LoggedRun {
  readonly ended: ProgramResult;
  readonly logs: readonly ReceivedLog[];
  readonly events: readonly ReceivedEvent[];
  readonly spans: readonly ReceivedSpan[];
}

/** Runs one of `apps/` until it exits. */
export async function runApp(
  app: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<LoggedRun> {
  const receiver = await startReceiver();
  try {
    const program = new Program({
      file: fileURLToPath(new URL(`apps/${app}`, import.meta.url)),
      flags: preload.import,
      args,
      env: { ...telemetryEnv(receiver), OTEL_NODE_DISABLED_INSTRUMENTATIONS: "", ...env },
    });
    const ended = await program.ended;
    await receiver.settled();
    const { logs, events, spans } = receiver;
    return { ended, logs: [...logs], events: [...events], spans: [...spans] };
  } finally {
    await receiver.close();
  }
}
