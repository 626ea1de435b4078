import { setTimeout as pause } from "node:timers/promises";
import { load } from "./load.ts";
import { type BenchProcess, startProgram } from "./process.ts";

/** One way to run an app. */
export interface PairedVariant {
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface PairedOptions {
  readonly program: string;
  readonly path: string;
  /** Number of requests for the warm-up of each variant, and in one turn. */
  readonly warmUp: number;
  readonly requests: number;
  /** Number of turns that each variant has. */
  readonly turns: number;
  /** Milliseconds after each turn that belong to it: what is queued is exported then. */
  readonly settleMs?: number;
}

/**
 * Measures small differences between variants of an app, on a busy machine too: all run
 * at the same time and get requests in turn, for a fraction of a second each, so that
 * whatever else the machine does concerns all of them.
 *
 * @returns for each variant the CPU time per request in each turn, in microseconds
 */
export async function measurePaired<Name extends string>(
  variants: Readonly<Record<Name, PairedVariant>>,
  options: PairedOptions,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(variants) as Name[];
  const servers = new Map<Name, BenchProcess>();
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  try {
    for (const name of names) {
      const { execArgv, env } = variants[name];
      const server = await startProgram(options.program, execArgv, env);
      servers.set(name, server);
      await load(server.port, options.path, options.warmUp);
    }
    for (let turn = 0; turn < options.turns; turn++) {
      // Another order each time: a variant must not always follow the same one.
      const order = names.map((_, at) => names[(at + turn) % names.length] as Name);
      if (turn % 2 === 1) order.reverse();
      for (const name of order) {
        figures[name].push(await cpuOfTurn(servers.get(name) as BenchProcess, options));
      }
    }
    return figures;
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
}

async function cpuOfTurn(
  server: BenchProcess,
  { path, requests, settleMs = 0 }: PairedOptions,
): Promise<number> {
  const before = await server.usage();
  await load(server.port, path, requests);
  if (settleMs > 0) await pause(settleMs);
  const after = await server.usage();
  return (after.cpuUs - before.cpuUs) / requests;
}

/** An estimate, with its standard error. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/** Returns the mean without the lowest and highest fifth, which a busy machine distorts. */
export function trimmedMean(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length / 5);
  const kept = sorted.slice(cut, sorted.length - cut);
  const mean = kept.reduce((sum, one) => sum + one, 0) / kept.length;
  const variance = kept.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (kept.length - 1);
  return { value: mean, error: Math.sqrt(variance / kept.length) };
}
