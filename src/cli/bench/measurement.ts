import { runCacheStep } from "./cache-steps.ts";
import { BenchError, type Endpoint } from "./endpoint.ts";
import type { Block } from "./figures.ts";
import { type LoadAmount, type LoadOptions, type LoadResult, sendLoad } from "./load.ts";
import { measureMachine, warmUpMachine } from "./machine-speed.ts";
import type { BenchOptions } from "./options.ts";
import { type CountsByRoute, countsBetween, readCounts } from "./request-counts.ts";
import type { PageRequest } from "../health/request-page.ts";

/** The part of a measurement that has begun. */
export interface BenchStep {
  readonly endpoint: string;
  /** 0: the warm-up. */
  readonly block: number;
  readonly blocks: number;
  /** Share of the measurement that is done. */
  readonly done: number;
}

export interface MeasurementDeps {
  /** The page of the app with the counts of its requests; undefined: there is none. */
  readonly countsPage: PageRequest | undefined;
  readonly onStep: (step: BenchStep) => void;
  readonly onBlock: (endpoint: Endpoint, block: Block) => void;
  /** Ends the measurement after the block in progress. */
  readonly signal: AbortSignal;
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
): Promise<ReadonlyMap<Endpoint, readonly Block[]>> {
  const measurement = new Measurement(options, deps);
  await measurement.warmUp();
  return measurement.measureBlocks();
}

class Measurement {
  readonly #options: BenchOptions;
  readonly #deps: MeasurementDeps;

  constructor(options: BenchOptions, deps: MeasurementDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  async warmUp(): Promise<void> {
    const { endpoints, warmUp, concurrency } = this.#options;
    warmUpMachine();
    for (const endpoint of endpoints) {
      if (this.#deps.signal.aborted) return;
      this.#report(endpoint, 0, 0);
      const first = await this.#send(endpoint, { requests: 1 }, 1);
      if (first.durations.length === 0)
        throw new BenchError(`${endpoint.name} does not respond: ${first.failure ?? "no reason"}`);
      if (warmUp >= concurrency) await this.#send(endpoint, { requests: warmUp });
    }
  }

  async measureBlocks(): Promise<ReadonlyMap<Endpoint, readonly Block[]>> {
    const { endpoints, amounts } = this.#options;
    const blocks = new Map<Endpoint, Block[]>(endpoints.map((endpoint) => [endpoint, []]));
    for (const [at, amount] of amounts.entries()) {
      for (const [index, endpoint] of endpoints.entries()) {
        if (this.#deps.signal.aborted) return blocks;
        const done = (at * endpoints.length + index) / (amounts.length * endpoints.length);
        this.#report(endpoint, at + 1, done);
        const block = await this.#measureBlock(endpoint, amount);
        blocks.get(endpoint)?.push(block);
        this.#deps.onBlock(endpoint, block);
      }
    }
    return blocks;
  }

  async #measureBlock(endpoint: Endpoint, amount: LoadAmount): Promise<Block> {
    await this.#prepareCaches(endpoint);
    const machineBefore = measureMachine();
    const countsBefore = await this.#readCounts();
    const load = await this.#send(endpoint, amount);
    const countsAfter = await this.#readCounts();
    const counts = countsBetween(countsBefore, countsAfter, load.durations.length);
    return { load, counts, machineMs: (machineBefore + measureMachine()) / 2 };
  }

  async #prepareCaches(endpoint: Endpoint): Promise<void> {
    const { clearCache, warmsCache, warmCache, baseUrl } = this.#options;
    if (clearCache !== undefined) await runCacheStep("clear_cache", clearCache, baseUrl);
    if (!warmsCache) return;
    if (warmCache === undefined) await this.#send(endpoint, { requests: CACHE_REQUESTS }, 1);
    else await runCacheStep("warm_cache", warmCache, baseUrl);
  }

  #readCounts(): Promise<CountsByRoute | undefined> {
    const { countsPage } = this.#deps;
    return countsPage === undefined ? Promise.resolve(undefined) : readCounts(countsPage);
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

  #report(endpoint: Endpoint, block: number, done: number): void {
    const blocks = this.#options.amounts.length;
    this.#deps.onStep({ endpoint: endpoint.name, block, blocks, done });
  }
}
