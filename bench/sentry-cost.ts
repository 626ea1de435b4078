import {
  type BenchApp,
  environmentFor,
  environmentWithoutSentry,
  preload,
} from "./benched-apps.ts";
import { type Estimate, measurePaired, trimmedMean } from "./paired.ts";
import { startProgram } from "./process.ts";
import type { HttpSink } from "./sink.ts";

/** Budgets for the difference that a DSN makes to an app without errors. */
export const SENTRY_BUDGET = { cpuRatio: 0.02, startMs: 20 } as const;

/** The difference that a DSN makes: as a share of the CPU per request of the bare app, and at start. */
export interface SentryCost {
  readonly cpuRatio: Estimate;
  readonly startMs: Estimate;
}

export interface SentryCostOptions {
  /** Number of turns of requests. */
  readonly turns: number;
  /** Number of starts. */
  readonly starts: number;
}

/** A tenth of a second or less: several turns of each variant are within any change of the machine. */
const REQUESTS_PER_TURN = 1_000;

/** Measures an app with and without a DSN, in turn. */
export async function measureSentryCost(
  app: BenchApp,
  sink: HttpSink,
  { turns, starts }: SentryCostOptions,
): Promise<SentryCost> {
  const withDsn = { execArgv: preload(), env: environmentFor(sink) };
  const without = { execArgv: preload(), env: environmentWithoutSentry(sink) };
  const cpu = await measurePaired(
    { bare: { execArgv: [], env: {} }, without, withDsn },
    { ...app, warmUp: app.requests, requests: REQUESTS_PER_TURN, turns },
  );
  const bare = trimmedMean(cpu.bare).value;
  const added: number[] = [];
  for (let count = 0; count < starts; count++) {
    const startOf = async ({ execArgv, env }: typeof withDsn): Promise<number> => {
      const server = await startProgram(app.program, execArgv, env);
      await server.stop();
      return server.startedInMs;
    };
    const before = await startOf(without);
    added.push((await startOf(withDsn)) - before);
  }
  return {
    cpuRatio: trimmedMean(cpu.withDsn.map((us, turn) => (us - (cpu.without[turn] ?? NaN)) / bare)),
    startMs: trimmedMean(added),
  };
}
