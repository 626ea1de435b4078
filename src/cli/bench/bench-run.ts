import { baselineKey } from "./baselines.ts";
import { type Commit, commitOf } from "./commit.ts";
import {
  BUSY_DELAY,
  type BenchComparison,
  compareResults,
  delayOf,
} from "./comparison/comparison.ts";
import { type BenchReport, findingsOf, formatMs } from "./document.ts";
import { BenchError, type Endpoint } from "./endpoint.ts";
import { impreciseEndpoints, unclearEndpoints } from "./comparison/extension.ts";
import { type Block, rankedValue } from "./figures.ts";
import { MeasuredApps } from "./measured-apps.ts";
import {
  type MeasuredApp,
  type MeasuredBlocks,
  measure,
  type Round,
  roundsOf,
} from "./measurement.ts";
import { type BenchOptions, settingsOf } from "./options.ts";
import { Progress } from "./progress.ts";
import { type BenchResult, endpointResult, machineOf } from "./result.ts";
import { printMessage } from "../command-output.ts";
import type { Interruption } from "../interruption.ts";
import { sortNumbers } from "../../viewer/percentile.ts";

/** A run of `telltale bench`: starts the apps, measures and compares them. */
export class BenchRun {
  readonly #options: BenchOptions;
  readonly #project: string;
  readonly #baseline: BenchResult | undefined;
  readonly #progress = new Progress(process.stderr);
  readonly #startedAt = new Date().toISOString();
  #commit: Commit | undefined;
  #otherCommit: Commit | undefined;
  /** When the first block began, of `performance.now()`. */
  #blocksBeganAt: number | undefined;

  /** @param project its folder. */
  constructor(options: BenchOptions, project: string, baseline: BenchResult | undefined) {
    this.#options = options;
    this.#project = project;
    this.#baseline = baseline;
  }

  /**
   * Measures, and compares.
   *
   * @returns undefined if it was interrupted before anything was measured.
   * @throws BenchError if there is nothing that can be measured.
   */
  async report(interruption: Interruption): Promise<BenchReport | undefined> {
    const { against } = this.#options;
    this.#commit = await commitOf(this.#project);
    if (against !== undefined && !isAddress(against)) this.#otherCommit = await commitOf(against);
    const stop = new AbortController();
    void interruption.occurred.then(() => stop.abort());
    const apps = new MeasuredApps(this.#options, stop.signal);
    try {
      return await this.#measure(apps, stop.signal);
    } finally {
      this.#progress.end();
      await apps.stop();
      if (this.#options.isVerbose) printOutput(apps.output());
    }
  }

  async #measure(apps: MeasuredApps, signal: AbortSignal): Promise<BenchReport | undefined> {
    const measured = await apps.start();
    if (signal.aborted) return undefined;
    const blocks = await measure(this.#options, {
      ...{ apps: measured, signal },
      onStep: (step) => {
        if (step.block > 0) this.#blocksBeganAt ??= performance.now();
        this.#progress.update(step);
      },
      onBlock: (endpoint, block) => this.#check(apps, endpoint, block),
      placesToExtend: (all, next) => this.#placesToExtend(measured, all, next),
    });
    this.#progress.end();
    const isInterrupted = signal.aborted;
    if (isInterrupted && [...blocks.values()].some((own) => own.length === 0)) return undefined;
    const { result, comparison } = this.#resultOf(measured, blocks);
    if (!isInterrupted)
      return { result, comparison, isInterrupted, findings: findingsOf(result, comparison) };
    const notes = [...result.notes, INTERRUPTED_NOTE];
    return { result: { ...result, notes }, comparison: undefined, isInterrupted, findings: [] };
  }

  /** @throws BenchError if the app has ended, or does not respond any more. */
  #check(apps: MeasuredApps, endpoint: Endpoint, block: Block): void {
    if (this.#options.isVerbose) this.#progress.print(blockLine(endpoint, block));
    const { durations, failure } = block.load;
    if (durations.length > 0 && failure === undefined) return;
    const reason = apps.failure();
    if (reason !== undefined) throw new BenchError(`while it was measured, ${reason}`);
    if (durations.length > 0) return;
    throw new BenchError(`${endpoint.name} does not respond any more: ${failure ?? "no reason"}`);
  }

  /** Returns the places of the endpoints that need more blocks, and prints which, and how long. */
  #placesToExtend(
    apps: readonly MeasuredApp[],
    blocks: MeasuredBlocks,
    next: Round,
  ): readonly number[] {
    const { result, comparison } = this.#resultOf(apps, blocks);
    const unclear = comparison === undefined ? [] : unclearEndpoints(comparison);
    const looks = roundsOf(this.#options).length;
    const { tolerance, save } = this.#options;
    const imprecise = save ? impreciseEndpoints(result, { tolerance, looks }) : [];
    const names = new Set([...unclear, ...imprecise]);
    const endpoints = apps[0]?.endpoints ?? [];
    const places = [...endpoints.keys()].filter((at) => names.has(endpoints[at]?.name ?? ""));
    if (places.length > 0) this.#printExtension([...names], blocks, next);
    return places;
  }

  #printExtension(names: readonly string[], blocks: MeasuredBlocks, next: Round): void {
    const measured = [...blocks.values()].reduce((sum, own) => sum + own.length, 0);
    const elapsedMs = performance.now() - (this.#blocksBeganAt ?? performance.now());
    const perBlock = (elapsedMs / measured) * (blocks.size / this.#options.endpoints.length);
    const seconds = (count: number): string =>
      `${Math.ceil((count * names.length * perBlock) / 1000)} s`;
    const { maxBlocks } = this.#options;
    this.#progress.end();
    printMessage(
      `not clear after ${next.from} blocks: ${names.join(", ")}; measuring ${next.to - next.from} more, about ${seconds(next.to - next.from)}; at most ${maxBlocks} blocks, about ${seconds(maxBlocks - next.from)}`,
    );
  }

  #resultOf(apps: readonly MeasuredApp[], blocks: MeasuredBlocks): Compared {
    const [first, second] = apps;
    const app = second ?? first;
    const key = baselineKey(this.#commit);
    const result = this.#resultOfApp(app, blocks, this.#commit, key);
    const before = second === undefined ? this.#baseline : this.#otherResult(first, blocks);
    if (before === undefined) return { result, comparison: undefined };
    const { tolerance } = this.#options;
    const looks = roundsOf(this.#options).length;
    const comparison = compareResults(before, result, {
      ...{ tolerance, looks, isOneRun: second !== undefined },
    });
    return { result, comparison };
  }

  /** Returns the result of the app of `--against`. */
  #otherResult(app: MeasuredApp | undefined, blocks: MeasuredBlocks): BenchResult {
    const key =
      this.#otherCommit === undefined
        ? shownName(this.#options.against ?? "")
        : baselineKey(this.#otherCommit);
    return this.#resultOfApp(app, blocks, this.#otherCommit, key);
  }

  #resultOfApp(
    app: MeasuredApp | undefined,
    blocks: MeasuredBlocks,
    commit: Commit | undefined,
    key: string,
  ): BenchResult {
    const endpoints = (app?.endpoints ?? []).map((endpoint) =>
      endpointResult(endpoint, blocks.get(endpoint) ?? []),
    );
    return {
      ...{ version: 1, key, commit: commit?.id, branch: commit?.branch },
      ...{ startedAt: this.#startedAt, machine: machineOf() },
      ...{ settings: settingsOf(this.#options), endpoints, notes: notesOf(endpoints) },
    };
  }
}

interface Compared {
  readonly result: BenchResult;
  readonly comparison: BenchComparison | undefined;
}

const INTERRUPTED_NOTE =
  "interrupted: these are the figures of the blocks so far, which are not compared or saved";

function isAddress(against: string): boolean {
  return /^https?:/.test(against);
}

/** Returns the folder, or the address without what may be a secret. */
function shownName(against: string): string {
  return isAddress(against) ? new URL(against).origin : against;
}

function notesOf(endpoints: BenchResult["endpoints"]): string[] {
  const isCounted = endpoints.some(({ figures }) => figures.queries !== undefined);
  const delay = delayOf(endpoints.flatMap(({ blocks }) => blocks));
  return [
    ...(isCounted ? [] : [NOT_COUNTED]),
    ...endpoints.flatMap(statusNotes),
    ...(delay < BUSY_DELAY
      ? []
      : [
          `the app was ready to run, but had no CPU, in ${Math.round(delay * 100)}% of the time: the durations are those of a busy machine`,
        ]),
  ];
}

/** Returns what statuses mean that are those of no page: an error, or the way to a login. */
function statusNotes({ name, statuses, figures }: BenchResult["endpoints"][number]): string[] {
  const [status = "", count = 0] =
    Object.entries(statuses).toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const share = `${count} of ${figures.requests} responses of ${name} have the status ${status}`;
  if (/^40[13]$/.test(status)) return [`${share}: ${LOGIN}`];
  if (/^3\d\d$/.test(status)) return [`${share}, a redirect that is not followed: ${LOGIN}`];
  return /^[45]\d\d$/.test(status) ? [share] : [];
}

const LOGIN =
  "an endpoint that needs a login gets its token or cookie by --header, or headers in the file";

const NOT_COUNTED =
  "no figures of queries and caches: the admin server of the app was not found; it needs the preload, and its port in OTEL_EXPORTER_PROMETHEUS_PORT";

function blockLine({ name }: Endpoint, { load, machineMs }: Block): string {
  const median = formatMs(rankedValue(sortNumbers(load.durations), 0.5));
  const failed = load.failures === 0 ? "" : `, ${load.failures} without a response`;
  return `${name}: ${load.durations.length} responses, median ${median}${failed}, calculation ${formatMs(machineMs)}`;
}

function printOutput(lines: readonly string[]): void {
  if (lines.length > 0) printMessage("the last lines of the app:");
  for (const line of lines) printMessage(`  ${line}`);
}
