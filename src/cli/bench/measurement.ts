import { runCacheStep } from "./cache-steps.ts";
import { BenchError, type Endpoint } from "./endpoint.ts";
import type { Block } from "./figures.ts";
import { type LoadAmount, type LoadOptions, type LoadResult, sendLoad } from "./load.ts";
import { measureMachine, warmUpMachine } from "./machine-speed.ts";
import type { BenchOptions } from "./options.ts";
import { type AppCounts, countsBetween, readCounts } from "./request-counts.ts";
import type { PageRequest } from "../health/request-page.ts";

/** The part of a measurement that has begun. */
export interface BenchStep {
  readonly endpoint: string;
  /** 0: the warm-up. */
  readonly block: number;
  readonly blocks: number;
  /** Share of the blocks that is done. */
  readonly done: number;
}

/** An app that is measured. */
export interface MeasuredApp {
  readonly endpoints: readonly Endpoint[];
  /** The address for cache steps that are requests. */
  readonly baseUrl: string | undefined;
  /** The page of the app with the counts of its requests; undefined: there is none. */
  readonly countsPage: PageRequest | undefined;
}

/** The blocks of each endpoint. */
export type MeasuredBlocks = ReadonlyMap<Endpoint, readonly Block[]>;

export interface MeasurementDeps {
  /** One, or two that are compared: then their endpoints are the same, at different addresses. */
  readonly apps: readonly MeasuredApp[];
  readonly onStep: (step: BenchStep) => void;
  readonly onBlock: (endpoint: Endpoint, block: Block) => void;
  /**
   * Called after each round of blocks but the last. Returns the places of the endpoints that
   * need another round.
   */
  readonly placesToExtend: (blocks: MeasuredBlocks, next: Round) => readonly number[];
  /** Ends the measurement after the block in progress. */
  readonly signal: AbortSignal;
}

/** The blocks `from` up to, and without, `to`. */
export interface Round {
  readonly from: number;
  readonly to: number;
}

/** Requests with which an endpoint fills its caches. */
const CACHE_REQUESTS = 5;

/**
 * Measures endpoints. Their blocks alternate, so that a slow minute of the machine is one of
 * all endpoints, and of a part of their blocks only.
 *
 * @throws BenchError if an endpoint does not respond, or a cache can't be emptied or filled.
 */
export async function measure(
  options: BenchOptions,
  deps: MeasurementDeps,
): Promise<MeasuredBlocks> {
  const measurement = new Measurement(options, deps);
  await measurement.warmUp();
  return measurement.measureBlocks();
}

/**
 * Returns the rounds of a measurement, each of which doubles the number of blocks: few rounds,
 * since each comparison after one has a part of the error only.
 */
export function roundsOf({ amounts, maxBlocks }: BenchOptions): readonly Round[] {
  const rounds: Round[] = [{ from: 0, to: amounts.length }];
  for (let from = amounts.length; from < maxBlocks; from *= 2)
    rounds.push({ from, to: Math.min(from * 2, maxBlocks) });
  return rounds;
}

class Measurement {
  readonly #options: BenchOptions;
  readonly #deps: MeasurementDeps;
  readonly #blocks: ReadonlyMap<Endpoint, Block[]>;

  constructor(options: BenchOptions, deps: MeasurementDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#blocks = new Map(
      deps.apps.flatMap(({ endpoints }) => endpoints.map((endpoint) => [endpoint, []])),
    );
  }

  async warmUp(): Promise<void> {
    const { warmUp, concurrency } = this.#options;
    warmUpMachine();
    for (const { endpoints } of this.#deps.apps)
      for (const endpoint of endpoints) {
        if (this.#deps.signal.aborted) return;
        this.#deps.onStep({ ...this.#step(endpoint, 0), done: 0 });
        const first = await this.#send(endpoint, { requests: 1 }, 1);
        if (first.durations.length === 0 && !this.#deps.signal.aborted)
          throw new BenchError(
            `${endpoint.name} does not respond: ${first.failure ?? "no reason"}`,
          );
        if (warmUp >= concurrency) await this.#send(endpoint, { requests: warmUp });
      }
  }

  async measureBlocks(): Promise<MeasuredBlocks> {
    const { apps, placesToExtend, signal } = this.#deps;
    const rounds = roundsOf(this.#options);
    let places: readonly number[] = [...(apps[0]?.endpoints.keys() ?? [])];
    for (const [at, round] of rounds.entries()) {
      await this.#measureRound(round, places);
      const next = rounds[at + 1];
      if (signal.aborted || next === undefined) break;
      places = placesToExtend(this.#blocks, next);
    }
    return this.#blocks;
  }

  async #measureRound({ from, to }: Round, places: readonly number[]): Promise<void> {
    const total = (to - from) * places.length;
    for (let at = from; at < to; at++)
      for (const [index, place] of places.entries()) {
        const done = ((at - from) * places.length + index) / total;
        for (const app of this.#order(at)) {
          const endpoint = app.endpoints[place];
          if (endpoint === undefined || this.#deps.signal.aborted) return;
          this.#deps.onStep({ ...this.#step(endpoint, at + 1), blocks: to, done });
          const block = await this.#measureBlock(app, endpoint, this.#amount(at));
          if (this.#deps.signal.aborted) return;
          this.#blocks.get(endpoint)?.push(block);
          this.#deps.onBlock(endpoint, block);
        }
      }
  }

  /** Each app is the first one in every second block, so that none has an advantage. */
  #order(at: number): readonly MeasuredApp[] {
    const { apps } = this.#deps;
    return at % 2 === 0 ? apps : apps.toReversed();
  }

  #amount(at: number): LoadAmount {
    const { amounts } = this.#options;
    return amounts[at % amounts.length] ?? { requests: 1 };
  }

  async #measureBlock(app: MeasuredApp, endpoint: Endpoint, amount: LoadAmount): Promise<Block> {
    await this.#prepareCaches(app, endpoint);
    const machineBefore = measureMachine();
    const countsBefore = await readAppCounts(app);
    const load = await this.#send(endpoint, amount);
    const countsAfter = await readAppCounts(app);
    const counts = countsBetween(countsBefore, countsAfter, load.durations.length);
    return { load, counts, machineMs: (machineBefore + measureMachine()) / 2 };
  }

  async #prepareCaches({ baseUrl }: MeasuredApp, endpoint: Endpoint): Promise<void> {
    const { clearCache, warmsCache, warmCache } = this.#options;
    if (clearCache !== undefined) await runCacheStep("clear_cache", clearCache, baseUrl);
    if (!warmsCache) return;
    if (warmCache === undefined) await this.#send(endpoint, { requests: CACHE_REQUESTS }, 1);
    else await runCacheStep("warm_cache", warmCache, baseUrl);
  }

  #send(
    endpoint: Endpoint,
    amount: LoadAmount,
    connections: number = this.#options.concurrency,
  ): Promise<LoadResult> {
    const { timeoutSeconds } = this.#options;
    const load: LoadOptions = { connections, amount, timeoutSeconds, signal: this.#deps.signal };
    return sendLoad(endpoint, load);
  }

  #step({ name }: Endpoint, block: number): Omit<BenchStep, "done"> {
    return { endpoint: name, block, blocks: this.#options.amounts.length };
  }
}

function readAppCounts({ countsPage }: MeasuredApp): Promise<AppCounts | undefined> {
  return countsPage === undefined ? Promise.resolve(undefined) : readCounts(countsPage);
}
