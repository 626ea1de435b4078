import type { ReceivedEvent, ReceivedSpan } from "../../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../../src/testing/receiver.ts";
import {
  preload,
  Program,
  type ProgramResult,
  telemetryEnv,
} from "../../../integration/program.ts";
import { headSampledOut } from "../run.ts";
import type { ThrownValue } from "../values.ts";

/** A message or a job: what its handler throws, where, and how many times. */
export interface ConsumerCase {
  readonly id: string;
  readonly place: string;
  readonly value: ThrownValue;
  readonly failures: number;
}

export interface ConsumerRun {
  readonly events: readonly ReceivedEvent[];
  readonly spans: readonly ReceivedSpan[];
  readonly ended: ProgramResult;
  /** Of the same program without the preload. */
  readonly bareEnded: ProgramResult;
}

export interface ConsumerProgram {
  /** Absolute path of the program. */
  readonly file: string;
  /** Followed by the cases, as JSON. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its environment without the preload, where that is another one. */
  readonly bareEnv?: Readonly<Record<string, string>>;
  /** Whether it prints that it is ready, and runs until SIGTERM. */
  readonly isService: boolean;
}

const index = new URL("../../../../dist/index.js", import.meta.url).href;

/** Runs a program, preloaded and not, until all cases are handled and all events have arrived. */
export async function runConsumer(
  program: ConsumerProgram,
  cases: readonly ConsumerCase[],
  expectedEvents: number,
): Promise<ConsumerRun> {
  const receiver = await startReceiver();
  const preloaded = start(program, cases, receiver);
  const bare = start(program, cases);
  const both = [preloaded, bare];
  try {
    if (program.isService) {
      const isHandled = (stdout: string): boolean | undefined => isEverythingThrown(stdout, cases);
      await Promise.all(both.map((one) => one.waitForStdout(isHandled)));
      // The test then shows which are missing.
      await receiver
        .waitFor(({ events }) => events.length >= expectedEvents, `${expectedEvents} events`)
        .catch(() => {});
      for (const one of both) one.kill("SIGTERM");
    }
    const [ended, bareEnded] = await Promise.all([preloaded.ended, bare.ended]);
    await receiver.settled();
    const { events, spans } = receiver;
    return { events: [...events], spans: [...spans], ended, bareEnded };
  } finally {
    for (const one of both) one.kill("SIGKILL");
    await Promise.all([preloaded.ended, bare.ended, receiver.close()]);
  }
}

function start(
  { file, args, env, bareEnv = env }: ConsumerProgram,
  cases: readonly ConsumerCase[],
  receiver?: Receiver,
): Program {
  const described = cases.map(({ value, ...one }) => ({ ...one, value: value.name }));
  const own = { TELLTALE: index, SURVIVES: "1" };
  return new Program({
    file,
    args: [...args, JSON.stringify(described)],
    flags: receiver === undefined ? [] : preload.import,
    env:
      receiver === undefined
        ? { ...bareEnv, ...own }
        : { ...env, ...own, ...telemetryEnv(receiver), ...headSampledOut },
  });
}

/** Whether all cases are handled; callbacks may throw later. */
function isEverythingThrown(stdout: string, cases: readonly ConsumerCase[]): true | undefined {
  const thrown = stdout.match(/^throws /gm)?.length ?? 0;
  const expected = cases.reduce((sum, { failures }) => sum + failures, 0);
  return (thrown === expected && stdout.includes("ready\n")) || undefined;
}
