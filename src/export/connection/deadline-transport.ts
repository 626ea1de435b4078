import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type {
  ExportResponse as TransportResponse,
  IExporterTransport,
} from "@opentelemetry/otlp-exporter-base";
import {
  type ExportResponse,
  type ExportAttempt,
  retryableResponse,
  type ExportConnection,
  type ExportFailure,
} from "./export-connection.ts";
import { awaitResponse } from "./attempt.ts";
import { delay, MAX_TIMER_MS } from "../delay.ts";
import { backoffMs, isCutShort, pauseMs, type RetryPolicy } from "./retry.ts";

const compress = promisify(gzip);

/** A pause that a peer has asked for. */
export interface RequestedPause {
  /** As requested, in milliseconds: any number. */
  readonly requestedMs: number;
  /** As applied, see `pauseMs`. */
  readonly appliedMs: number;
}

/** Reports why an export failed, through the SDK's delegate to the code that counts and logs it. */
export class ExportError extends Error {
  readonly failure: ExportFailure;
  /** Whether the peer was unavailable; false if it will never accept this payload. */
  readonly isRetryable: boolean;

  constructor(failure: ExportFailure, isRetryable: boolean) {
    super(failure.reason);
    this.name = "ExportError";
    this.failure = failure;
    this.isRetryable = isRetryable;
  }
}

/**
 * Transport for the SDK's delegate. Unlike upstream's, it has one deadline for the
 * whole export (upstream's limit is an idle socket, which a peer that sends byte by
 * byte never is), applies the back-off for an unreadable `Retry-After` (upstream:
 * 0 ms), does not keep the process alive, and reads at most 64 KiB of a response.
 */
export class DeadlineTransport implements IExporterTransport {
  readonly #connection: ExportConnection;
  readonly #gzip: boolean;
  readonly #retry: RetryPolicy;
  readonly #recycle: ((data: Uint8Array) => void) | undefined;
  #limitMs = Infinity;
  #attempt: ExportAttempt | undefined = undefined;
  #isCancelled = false;
  #requestedPause: RequestedPause | undefined = undefined;
  #warning: string | undefined = undefined;
  /** Whether an attempt may still read the body. */
  #isBodyInUse = false;

  /** @param recycle called with the data of an export that is not read any more. */
  constructor(
    connection: ExportConnection,
    compression: "gzip" | "none",
    retry: RetryPolicy,
    recycle?: (data: Uint8Array) => void,
  ) {
    this.#connection = connection;
    this.#gzip = compression === "gzip";
    this.#retry = retry;
    this.#recycle = recycle;
  }

  /** Whether the last export was cancelled because the process ends. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** The pause that the peer asked for when it did not accept the last export. */
  get requestedPause(): RequestedPause | undefined {
    return this.#requestedPause;
  }

  /** Warning about a response that counts as success. */
  get warning(): string | undefined {
    return this.#warning;
  }

  /** Sets an upper limit of the next exports beside the delegate's, in milliseconds. */
  setTimeLimit(ms: number): void {
    this.#limitMs = ms;
  }

  async send(data: Uint8Array, timeoutMillis: number): Promise<TransportResponse> {
    const timeoutMs = Math.min(timeoutMillis, this.#limitMs, MAX_TIMER_MS);
    this.#isCancelled = false;
    this.#requestedPause = undefined;
    this.#warning = undefined;
    this.#isBodyInUse = false;
    const body = this.#connection.encodeBody(this.#gzip ? await compress(data) : data);
    // Starts here, so that the peer does not pay for a loop that was blocked during compression.
    const deadline = performance.now() + timeoutMs;
    const response = await this.#sendUntil(deadline, timeoutMs, body);
    if (!this.#isBodyInUse) this.#recycle?.(data);
    return response;
  }

  /** See `TelemetryExporter.cancel`. */
  cancel(): boolean {
    if (this.#attempt?.isFullyWritten() === true) return true;
    this.#isCancelled = true;
    this.#attempt?.abort("the process ends");
    return false;
  }

  shutdown(): void {}

  /**
   * An attempt for which little time is left may be cut short by the deadline: then the failure
   * is that of the attempt before it, which the peer has answered.
   */
  async #sendUntil(
    deadline: number,
    timeoutMs: number,
    body: Uint8Array,
  ): Promise<TransportResponse> {
    let earlier: ExportFailure | undefined;
    for (let tries = 1; ; tries++) {
      const leftMs = deadline - performance.now();
      const response = await this.#try(body, leftMs, timeoutMs);
      if (response.status === "success") return this.#onSuccess(response);
      const hasNoAnswer = response.failure.reason === reasonOf(timeoutMs);
      const isUntelling = hasNoAnswer && isCutShort(leftMs, timeoutMs);
      const failure = (isUntelling ? earlier : undefined) ?? response.failure;
      earlier = failure;
      const wait = this.#retryDelayAfter(response, tries, deadline);
      if (wait !== undefined && !this.#isCancelled) {
        await delay(wait);
        // A busy event loop may wake up too late for another attempt: the last one has the reason.
        if (performance.now() < deadline) continue;
      }
      return {
        status: "failure",
        error: new ExportError(failure, response.status === "retryable"),
      };
    }
  }

  async #try(body: Uint8Array, leftMs: number, timeoutMs: number): Promise<ExportResponse> {
    const reason = reasonOf(timeoutMs);
    if (this.#isCancelled || leftMs <= 0) return retryableResponse("network", reason);
    const attempt = this.#connection.attempt(body);
    this.#attempt = attempt;
    const response = await awaitResponse(attempt, {
      timeoutMs: leftMs,
      timeoutReason: reason,
      onIdle: () => attempt.abort("no connection in time"),
    });
    this.#isBodyInUse ||= !attempt.isFullyWritten();
    this.#attempt = undefined;
    return response;
  }

  #onSuccess(response: ExportResponse & { status: "success" }): TransportResponse {
    this.#warning = response.warning;
    return { status: "success", data: response.body };
  }

  /** Returns undefined if there is no further attempt. */
  #retryDelayAfter(
    response: Exclude<ExportResponse, { status: "success" }>,
    tries: number,
    deadline: number,
  ): number | undefined {
    if (response.status === "failure") return undefined;
    const { retryAfterMs: requestedMs, retryImmediately } = response;
    const minMs = retryImmediately === true ? 0 : backoffMs(this.#retry, tries);
    const wait = requestedMs === undefined ? minMs : pauseMs(requestedMs, minMs);
    if (tries < this.#retry.attempts && wait <= deadline - performance.now()) return wait;
    if (requestedMs !== undefined) this.#requestedPause = { requestedMs, appliedMs: wait };
    return undefined;
  }
}

function reasonOf(timeoutMs: number): string {
  return `no answer within ${timeoutMs} ms`;
}
