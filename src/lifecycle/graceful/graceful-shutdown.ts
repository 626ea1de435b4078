import { constants } from "node:os";
import type { GracefulShutdownConfig, TerminationSignal } from "../../config/config.ts";
import { completeShutdown } from "../../config/graceful-shutdown.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { endWorkers, isClusterWorker } from "./cluster-workers.ts";
import { DrainableServers, isDrainable } from "./drainable-servers.ts";
import { readShutdownOptions, type ShutdownCallbacks } from "./shutdown-options.ts";

export interface GracefulShutdownDeps {
  readonly diagnostics: Diagnostics;
  /** How long the last flush of telemetry may take. */
  readonly flushTimeoutMs: number;
  /** Makes the process not ready. */
  readonly startDraining: () => void;
  readonly inFlight: () => WorkInFlight;
  /** Sends the queued telemetry. Never rejects. */
  readonly flush: () => Promise<void>;
}

/** Numbers of what is in flight. */
export interface WorkInFlight {
  /** Undefined: requests are not counted, because their instrumentation is disabled. */
  readonly requests: number | undefined;
  /** Messages and jobs. */
  readonly jobs: number;
}

/** The share of the deadline that one flush takes at most. */
const FLUSH_SHARE = 0.1;

/** A signal for a whole cluster reaches a worker twice: from the system, and from the primary, which may be busy. */
const SAME_SIGNAL_MS = 5_000;

const SIGNALS: readonly TerminationSignal[] = ["SIGTERM", "SIGINT"];

/** How often it is checked whether work is in flight. */
const POLL_MS = 20;

/** @param settings undefined: the defaults */
export function createGracefulShutdown(
  settings: GracefulShutdownConfig | undefined,
  deps: GracefulShutdownDeps,
): GracefulShutdown {
  return new GracefulShutdown(settings ?? completeShutdown({}), deps);
}

/**
 * Ends the process in order, at SIGTERM or SIGINT: readiness fails; load balancers get the time
 * to notice; servers close, and the work in flight finishes; the app closes its dependencies;
 * telemetry is sent; the process dies of the signal. A timer ends it in any case before the
 * deadline, and keeps it alive until then, so that a stalled shutdown doesn't look like a clean
 * exit. A second signal ends it at once.
 */
export class GracefulShutdown {
  #settings: GracefulShutdownConfig;
  readonly #deps: GracefulShutdownDeps;
  readonly #servers: DrainableServers;
  readonly #callbacks: ShutdownCallbacks[] = [];
  /** When the first signal arrived, by the monotonic clock. */
  #signaledAt: number | undefined = undefined;
  /** Whether the primary of the cluster may still pass on the signal that this worker has already. */
  #isCopyExpected: boolean = isClusterWorker();
  #isEnding = false;
  #step = "waiting for load balancers";

  constructor(settings: GracefulShutdownConfig, deps: GracefulShutdownDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#servers = new DrainableServers(() => deps.inFlight().requests);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** Adds every server of the process from the time that it listens. */
  watchServers(isIncluded: (server: object) => boolean): void {
    this.#servers.watchAll(isIncluded);
  }

  /**
   * Adds servers and callbacks of the app, and changes the settings.
   *
   * @param servers one or a list, as the app has passed them
   * @param options of the app. What is unusable is reported and left out.
   */
  add(servers: unknown, options: unknown): void {
    const problems: string[] = [];
    const warn = (problem: string): void => void problems.push(problem);
    for (const server of Array.isArray(servers) ? (servers as unknown[]) : [servers]) {
      if (isDrainable(server)) this.#servers.add(server);
      else
        warn(
          "what is no server, expected one of node:http, node:https, node:http2, or a Fastify app",
        );
    }
    const { settings, callbacks } = readShutdownOptions(options, this.#settings, warn);
    this.#settings = settings;
    this.#callbacks.push(callbacks);
    if (problems.length > 0) {
      const all = problems.join("; ");
      this.#deps.diagnostics.warn("gracefulShutdown", `gracefulShutdown received ${all}`);
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (this.#signaledAt === undefined) {
      this.#signaledAt = now;
      void this.#shutDown(signal);
    } else if (this.#isCopyExpected && now - this.#signaledAt < SAME_SIGNAL_MS) {
      this.#isCopyExpected = false;
    } else {
      void this.#end(signal);
    }
  };

  async #shutDown(signal: NodeJS.Signals): Promise<void> {
    const { deadlineMs } = this.#settings;
    const { diagnostics } = this.#deps;
    // This timer keeps the process alive.
    const timer = setTimeout(
      () => {
        const { requests, jobs } = this.#deps.inFlight();
        diagnostics.warn(
          "shutdown",
          `the graceful shutdown took longer than its deadline (${deadlineMs} ms) while ${this.#step}; the process ends with ${requests ?? "uncounted"} requests and ${jobs} messages or jobs in flight`,
        );
        void this.#end(signal);
      },
      // Telemetry is flushed twice: asynchronously, and as at every end of a process.
      deadlineMs - 2 * this.#flushTimeMs,
    );
    try {
      await this.#drain(signal);
    } catch (error) {
      this.#reportFailure("a step", error);
    }
    clearTimeout(timer);
    // The process stays alive for the flush.
    await this.#end(signal);
  }

  async #drain(signal: NodeJS.Signals): Promise<void> {
    const { readiness, waitMs } = this.#settings;
    if (readiness === "fail") this.#deps.startDraining();
    const workersEnded = endWorkers(signal);
    this.#servers.startDraining();
    if (this.#servers.isListening && !isTyped(signal)) await pause(waitMs);
    this.#step = "requests are in flight";
    await Promise.all([this.#servers.close(), workersEnded, this.#run("onDrain", signal)]);
    this.#step = "messages or jobs are in flight";
    while (this.#deps.inFlight().jobs > 0) await pause(POLL_MS);
    this.#step = "onShutdown runs";
    await this.#servers.closeOwners((error) => this.#reportFailure("close", error));
    await this.#run("onShutdown", signal);
  }

  /** Runs one callback after the other. Those that fail are reported. */
  async #run(name: keyof ShutdownCallbacks, signal: string): Promise<void> {
    for (const callbacks of this.#callbacks) {
      try {
        await callbacks[name]?.(signal);
      } catch (error) {
        this.#reportFailure(name, error);
      }
    }
  }

  #reportFailure(name: string, error: unknown): void {
    const { diagnostics } = this.#deps;
    diagnostics.warn(
      `shutdown ${name}`,
      `${name} of the graceful shutdown failed: ${textOf(error)}`,
    );
  }

  /** Sends the telemetry and kills the process with the signal, as it would have died without telltale. */
  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    // Keeps the process alive.
    const timer = setTimeout(() => this.#kill(signal), this.#flushTimeMs);
    await this.#deps.flush();
    clearTimeout(timer);
    this.#kill(signal);
  }

  get #flushTimeMs(): number {
    return Math.min(this.#deps.flushTimeoutMs, this.#settings.deadlineMs * FLUSH_SHARE);
  }

  #kill(signal: NodeJS.Signals): void {
    // Without listeners the signal has its default action.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // The kernel ignores signals with their default action for process 1 of a container.
    setTimeout(() => process.exit(128 + constants.signals[signal]), POLL_MS);
  }
}

/** Whether a person has pressed Ctrl-C: there is no load balancer to wait for. */
function isTyped(signal: string): boolean {
  return signal === "SIGINT" && process.stdin.isTTY;
}

/** The timer keeps the process alive. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "unknown";
  }
}
