import type {
  CollectionResult,
  MetricCollectOptions,
  ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { runSuppressed } from "../context/manager.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { ExitRequest, PendingRequest, Pipeline } from "../export/exit.ts";
import type { Outcome, Sender, Settle } from "../export/sender.ts";

export interface PushOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Undefined: not counted (the console is no delivery). */
  readonly account: Account | undefined;
  readonly diagnostics: Diagnostics;
  readonly unsent?: Unsent;
  /** Called once, before the first export: it loads the chunk. */
  readonly sender: () => Sender<ResourceMetrics>;
  readonly collect: (options: MetricCollectOptions) => Promise<CollectionResult>;
  readonly collectNow: () => ResourceMetrics;
}

/** What the sender has in hand. */
interface Payload {
  readonly metrics: ResourceMetrics;
  readonly points: number;
}

const failed: Outcome = { delivered: false, rejected: 0, holdMs: 0 };

/**
 * Collects and sends at an interval: the specification's periodic exporting
 * reader. Upstream's takes our `MetricProducer` as well, but its time limits are
 * timers that hold the process open, and what it has in hand at the end of the
 * process can't be had from it.
 */
export class Push implements Pipeline {
  readonly #options: PushOptions;
  #sender: Sender<ResourceMetrics> | undefined = undefined;
  #busy: Promise<void> | undefined = undefined;
  #flying: Payload | undefined = undefined;
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(options: PushOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#options.intervalMs).unref();
  }

  /** Nothing is collected any more; what is under way is still taken by `pending`. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  /** How many data points are under way: what the account's `queued` must come to. */
  get queued(): number {
    return this.#flying?.points ?? 0;
  }

  /** Sends the numbers of this moment, after what is under way, unless the peer asked for a pause. */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#isStopped) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, timeoutMs));
    });
    await Promise.race([limit, this.#drain()]);
    clearTimeout(timer);
  }

  /**
   * The last numbers of the process, and what was under way: a delta that is not
   * delivered is missing for ever.
   */
  pending(): PendingRequest[] {
    return [...this.#unsent(), ...this.#last()].map((metrics) => () => this.#request(metrics));
  }

  /** An interval that finds the last export still under way is left out. */
  #tick(): void {
    // A process of this age has had numbers that others count on.
    this.#options.unsent?.note();
    if (this.#busy === undefined && performance.now() >= this.#heldUntil) void this.#export();
  }

  async #drain(): Promise<void> {
    await this.#busy;
    // The numbers are not lost: the next export has them too.
    if (performance.now() >= this.#heldUntil) await this.#export();
  }

  /** Never rejects. */
  #export(): Promise<void> {
    this.#busy ??= this.#fly()
      .catch((error: unknown) => this.#broken(error))
      .finally(() => {
        this.#busy = undefined;
      });
    return this.#busy;
  }

  async #fly(): Promise<void> {
    const { timeoutMs, account, collect } = this.#options;
    const { resourceMetrics } = await collect({ timeoutMillis: timeoutMs });
    const payload = { metrics: resourceMetrics, points: countPoints(resourceMetrics) };
    if (payload.points === 0) return;
    if (account !== undefined) account.made += payload.points;
    this.#flying = payload;
    const outcome = await this.#send(resourceMetrics);
    // Else `pending` has taken it over and does the books.
    if (this.#flying !== payload) return;
    this.#flying = undefined;
    this.#settle(payload.points, outcome);
  }

  async #send(metrics: ResourceMetrics): Promise<Outcome> {
    try {
      return await runSuppressed(() => this.#open().send(metrics, this.#options.timeoutMs));
    } catch (error) {
      this.#broken(error);
      return failed;
    }
  }

  #settle(points: number, outcome: Outcome): void {
    if (outcome.delivered) this.#delivered(points, outcome.rejected);
    else this.#options.account?.drop("failed", points);
    if (outcome.holdMs > 0) this.#hold(outcome.holdMs);
  }

  #hold(ms: number): void {
    this.#heldUntil = performance.now() + ms;
    if (this.#options.account !== undefined) this.#options.account.pausedUntil = Date.now() + ms;
  }

  #delivered(points: number, rejected: number): void {
    const { account } = this.#options;
    if (account === undefined) return;
    const refused = Math.min(rejected, points);
    account.sent += points - refused;
    account.drop("rejected", refused);
  }

  #unsent(): ResourceMetrics[] {
    const flying = this.#flying;
    this.#flying = undefined;
    if (flying === undefined) return [];
    if (this.#sender?.abandon() !== true) return [flying.metrics];
    this.#delivered(flying.points, 0);
    return [];
  }

  #last(): ResourceMetrics[] {
    const { account, collectNow } = this.#options;
    if (this.#isStopped) return [];
    try {
      const metrics = collectNow();
      const points = countPoints(metrics);
      if (account !== undefined) account.made += points;
      return points === 0 ? [] : [metrics];
    } catch (error) {
      this.#broken(error);
      return [];
    }
  }

  #request(metrics: ResourceMetrics): ExitRequest | undefined {
    const points = countPoints(metrics);
    const request = this.#tryRequest(metrics, (delivered, rejected) => {
      if (delivered) this.#delivered(points, rejected);
      else this.#options.account?.drop("shutdown", points);
    });
    if (request === undefined) this.#options.account?.drop("failed", points);
    return request;
  }

  #tryRequest(metrics: ResourceMetrics, settle: Settle): ExitRequest | undefined {
    try {
      return this.#open().request(metrics, settle);
    } catch (error) {
      this.#broken(error);
      return undefined;
    }
  }

  #open(): Sender<ResourceMetrics> {
    this.#sender ??= this.#options.sender();
    return this.#sender;
  }

  #broken(error: unknown): void {
    this.#options.diagnostics.error(
      "metrics export",
      `metrics could not be exported: ${String(error)}`,
    );
  }
}

/** Data points are what the books of metrics count. */
export function countPoints(metrics: ResourceMetrics): number {
  let points = 0;
  for (const scope of metrics.scopeMetrics) {
    for (const metric of scope.metrics) points += metric.dataPoints.length;
  }
  return points;
}
