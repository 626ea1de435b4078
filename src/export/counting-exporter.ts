import { AsyncLocalStorage } from "node:async_hooks";
import { runSuppressed } from "../context/manager.ts";
import { isUnloadable } from "../lazy.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { ExportResult, OnExitResult, TelemetryExporter } from "./telemetry-exporter.ts";
import type { ExitRequest } from "./pipeline.ts";

export interface CountingExporterDeps<Payload> {
  /** The items in the plural, for log lines: "spans". */
  readonly name: string;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** Called before the first export, until it succeeds: it loads a lazy module. */
  readonly createExporter: () => TelemetryExporter<Payload>;
  readonly countItems: (payload: Payload) => number;
  /**
   * Takes over a payload that the peer cannot accept for now, and returns how long
   * the peer is paused, in milliseconds. Default: the payload is dropped.
   *
   * @param retryAfterMs the pause that the peer asks for, bounded.
   */
  readonly onUnavailable?: ((payload: Payload, retryAfterMs: number) => number) | undefined;
  /**
   * Takes over a payload that is too large for the peer, to export it in parts. Returns
   * false if it is dropped instead. Default: it is dropped.
   */
  readonly onTooLarge?: ((payload: Payload) => boolean) | undefined;
  /** Called with each payload whose export was sent or dropped. */
  readonly release?: ((payload: Payload) => void) | undefined;
  /** Called after items were counted as sent. */
  readonly onDelivered?: () => void;
  /** Called after an export has completed and was counted. */
  readonly onExported?: () => void;
}

interface InFlightExport<Payload> {
  readonly payload: Payload;
  readonly count: number;
  readonly done: Promise<void>;
}

const FAILED_RESULT: ExportResult = { delivered: false, rejected: 0, retryAfterMs: 0 };

/** How long the items wait if no file descriptor is left to load the exporter. */
const RELOAD_DELAY_MS = 1_000;

/**
 * Exports one payload at a time, and counts each of its items exactly once: as
 * sent, rejected, failed, or dropped at shutdown. Creates the exporter when it is
 * first needed, observes the pauses that the peer asks for, and returns at process
 * exit what the peer will not get otherwise.
 */
export class CountingExporter<Payload> {
  readonly #deps: CountingExporterDeps<Payload>;
  /** Runs work outside the request that triggers it: connections keep their first context. */
  readonly #runDetached: <R>(work: () => R) => R = AsyncLocalStorage.snapshot();
  #exporter: TelemetryExporter<Payload> | undefined = undefined;
  #inFlight: InFlightExport<Payload> | undefined = undefined;
  #exportedCount = 0;
  #pausedUntil = 0;
  /** Whether the exporter could not be loaded for a while. */
  #hasWaited = false;

  constructor(deps: CountingExporterDeps<Payload>) {
    this.#deps = deps;
  }

  /** Number of items in flight. */
  get inFlightCount(): number {
    return this.#inFlight?.count ?? 0;
  }

  /** Number of items whose export has completed, with any result. */
  get exportedCount(): number {
    return this.#exportedCount;
  }

  /** Remaining pause in milliseconds; 0 if an export may start. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - performance.now());
  }

  /** Resolves when the export in flight has completed; undefined without one. */
  get completion(): Promise<void> | undefined {
    return this.#inFlight?.done;
  }

  /**
   * Creates the exporter. Returns false if no file descriptor is left to load it: the
   * payload is kept then, and `pauseMs` is the time until the next attempt. Never throws.
   */
  prepare(): boolean {
    if (this.#exporter !== undefined) return true;
    const { diagnostics, name } = this.#deps;
    try {
      this.#runDetached(() => this.#getExporter());
    } catch (error) {
      // Another error is reported by the export, which drops its items.
      if (!isUnloadable(error)) return true;
      this.#pausedUntil = performance.now() + RELOAD_DELAY_MS;
      this.#hasWaited = true;
      diagnostics.warn(
        `${name} exporter`,
        `the exporter of ${name} can't be loaded: ${String(error)} (tried again each second, until then they are queued)`,
      );
      return false;
    }
    if (this.#hasWaited)
      diagnostics.info(`${name} exporter loaded`, `the exporter of ${name} is loaded now`);
    return true;
  }

  /**
   * Exports the payload and counts the result. Never rejects. The caller awaits
   * one export before it starts the next.
   *
   * @param timeoutMs upper limit of the whole export, retries included.
   */
  export(payload: Payload, timeoutMs: number): Promise<void> {
    const pendingResult = this.#send(payload, timeoutMs);
    const inFlight: InFlightExport<Payload> = {
      payload,
      count: this.#deps.countItems(payload),
      done: pendingResult.then((result) => {
        // Otherwise `cancel` has returned it, and its new owner counts it.
        if (this.#inFlight === inFlight) this.#complete(inFlight, result);
      }),
    };
    this.#inFlight = inFlight;
    return inFlight.done;
  }

  /**
   * Cancels the export in flight and returns its payload, which is then no longer
   * counted here. An export whose request the kernel has in full is left to the
   * kernel, which delivers it after the process has ended; sending it again would
   * duplicate it. Anything else (waiting for a retry, connecting, half written)
   * cannot have been accepted, since a peer refuses a truncated body.
   */
  cancel(): Payload | undefined {
    const inFlight = this.#inFlight;
    if (inFlight === undefined || this.#exporter?.cancel() === true) return undefined;
    this.#inFlight = undefined;
    return inFlight.payload;
  }

  /** Drops and counts payloads that are not worth an export, after one that has failed. */
  drop(payloads: readonly Payload[]): void {
    const { counters, countItems, release } = this.#deps;
    const count = payloads.reduce((sum, payload) => sum + countItems(payload), 0);
    if (count === 0) return;
    counters.drop("failed", count);
    this.#exporter?.logLost?.(count);
    for (const payload of payloads) release?.(payload);
  }

  /** Creates the request that sends a payload at process exit; undefined if that fails. Never throws. */
  createExitRequest(payload: Payload): ExitRequest | undefined {
    const { counters, countItems } = this.#deps;
    const count = countItems(payload);
    const onResult: OnExitResult = (delivered, rejected) => {
      if (delivered) this.#countDelivered(count, rejected);
      else counters.drop("shutdown", count);
    };
    try {
      const request = this.#getExporter().createExitRequest(payload, onResult);
      if (request === undefined) counters.drop("failed", count);
      return request;
    } catch (error) {
      counters.drop("failed", count);
      this.logFailure(error);
      return undefined;
    }
  }

  logFailure(error: unknown): void {
    const { diagnostics, name } = this.#deps;
    diagnostics.error(`${name} export`, `${name} could not be exported: ${String(error)}`);
  }

  async #send(payload: Payload, timeoutMs: number): Promise<ExportResult> {
    try {
      return await this.#runDetached(() =>
        runSuppressed(() =>
          this.#deps.counters.measure(() => this.#getExporter().export(payload, timeoutMs)),
        ),
      );
    } catch (error) {
      this.logFailure(error);
      return FAILED_RESULT;
    }
  }

  #getExporter(): TelemetryExporter<Payload> {
    this.#exporter ??= this.#deps.createExporter();
    return this.#exporter;
  }

  #complete(inFlight: InFlightExport<Payload>, result: ExportResult): void {
    this.#inFlight = undefined;
    if (result.tooLarge !== true || this.#deps.onTooLarge?.(inFlight.payload) !== true) {
      this.#exportedCount += inFlight.count;
      this.#countResult(inFlight, result);
    }
    this.#deps.onExported?.();
  }

  #countResult({ payload, count }: InFlightExport<Payload>, result: ExportResult): void {
    const { onUnavailable, counters, release } = this.#deps;
    if (result.delivered) {
      this.#countDelivered(count, result.rejected);
    } else if (onUnavailable !== undefined && result.retryable === true) {
      this.#pausedUntil = performance.now() + onUnavailable(payload, result.retryAfterMs);
      return;
    } else {
      counters.drop("failed", count);
    }
    if (result.retryAfterMs > 0) this.#pause(result.retryAfterMs);
    release?.(payload);
  }

  #countDelivered(count: number, rejected: number): void {
    const { counters } = this.#deps;
    const rejectedCount = Math.min(rejected, count);
    counters.sent += count - rejectedCount;
    counters.drop("rejected", rejectedCount);
    this.#deps.onDelivered?.();
  }

  #pause(ms: number): void {
    this.#pausedUntil = performance.now() + ms;
    this.#deps.counters.pausedUntil = Date.now() + ms;
  }
}
