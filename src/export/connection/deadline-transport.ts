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
import { delay } from "../delay.ts";
import { backoffMs, pauseMs, type RetryPolicy } from "./retry.ts";

const compress = promisify(gzip);

/** Node fires timers beyond this at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A pause that a peer asked for. */
export interface RequestedPause {
  /** In its own words, in milliseconds: any number. */
  readonly requestedMs: number;
  /** For how long it is left alone, see `pauseMs`. */
  readonly appliedMs: number;
}

/** Why an export failed, through the SDK's delegate to whoever counts and says it. */
export class ExportError extends Error {
  readonly failure: ExportFailure;
  /** The peer is away or can't now, as against: it will never take this. */
  readonly isRetryable: boolean;

  constructor(failure: ExportFailure, isRetryable: boolean) {
    super(failure.reason);
    this.name = "ExportError";
    this.failure = failure;
    this.isRetryable = isRetryable;
  }
}

/**
 * A transport for the SDK's delegate. Against upstream's: the time limit is one
 * deadline over everything (theirs is the socket's idleness, which a dripping peer
 * outlives), an unreadable `Retry-After` leads to the back-off (theirs: 0 ms), no
 * timer or socket holds the process open, and an answer's size is capped low.
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
  /** Some attempt may not be done with the body. */
  #isBodyInUse = false;

  /** @param recycle given the data of an export that nothing reads again. */
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

  /** The last export was stopped because the process ends. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** The pause that the peer asked for when it took nothing of the last export. */
  get requestedPause(): RequestedPause | undefined {
    return this.#requestedPause;
  }

  /** What was odd about an answer that counts as success. */
  get warning(): string | undefined {
    return this.#warning;
  }

  /** An upper limit of the next exports beside the delegate's, in milliseconds. */
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
    // Only now: a loop that was blocked while this was compressed is no fault of the peer's.
    const deadline = performance.now() + timeoutMs;
    const response = await this.#sendUntil(deadline, timeoutMs, body);
    if (!this.#isBodyInUse) this.#recycle?.(data);
    return response;
  }

  /** See `Sender.abandon`. */
  cancel(): boolean {
    if (this.#attempt?.isFullyWritten() === true) return true;
    this.#isCancelled = true;
    this.#attempt?.abort("the process ends");
    return false;
  }

  shutdown(): void {}

  async #sendUntil(
    deadline: number,
    timeoutMs: number,
    body: Uint8Array,
  ): Promise<TransportResponse> {
    for (let tries = 1; ; tries++) {
      const response = await this.#try(body, deadline, timeoutMs);
      if (response.status === "success") return this.#onSuccess(response);
      const wait = this.#retryDelayAfter(response, tries, deadline);
      if (wait === undefined || this.#isCancelled) {
        return {
          status: "failure",
          error: new ExportError(response.failure, response.status === "retryable"),
        };
      }
      await delay(wait);
    }
  }

  async #try(body: Uint8Array, deadline: number, timeoutMs: number): Promise<ExportResponse> {
    const reason = `no answer within ${timeoutMs} ms`;
    const left = deadline - performance.now();
    if (this.#isCancelled || left <= 0) return retryableResponse("network", reason);
    const attempt = this.#connection.attempt(body);
    this.#attempt = attempt;
    const response = await awaitResponse(attempt, {
      timeoutMs: left,
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

  /** Undefined: no further attempt. */
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
