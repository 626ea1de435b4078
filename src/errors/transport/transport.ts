import {
  createTransport,
  type DataCategory,
  type Envelope,
  isRateLimited,
  type RateLimits,
  type Transport,
  type TransportMakeRequestResponse,
  updateRateLimits,
} from "@sentry/core";
import { runSuppressed } from "../../context/manager.ts";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { awaitResponse } from "../../export/connection/attempt.ts";
import {
  HttpClient,
  type HttpFailure,
  type HttpResponse,
} from "../../export/connection/http-client.ts";
import type { ExitRequest, ExitRequestFactory } from "../../export/pipeline.ts";
import { boundedRateLimits } from "./rate-limits.ts";
import { countEvents, EnvelopeRequest } from "./envelope-request.ts";
import { SentryExportLog } from "./sentry-export-log.ts";

/** Maximum number of requests in flight. */
const MAX_IN_FLIGHT = 8;
/** Maximum number of envelopes that are queued or in flight; more are dropped. */
export const MAX_QUEUED = 256;
/** Maximum of all their bytes, before compression. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
/** Time limit of a request, and by default of a flush, in milliseconds. */
export const DEADLINE_MS = 10_000;
/** Below this gzip is not worth its time (as in Sentry's own transports). */
const GZIP_ABOVE_BYTES = 32_768;
/** Delay before an aborted request is retried, if the process goes on after all. */
const REQUEUE_DELAY_MS = 1_000;

export interface EnvelopeTransportDeps {
  /** The envelope endpoint, with the key in its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** Time limit from the first byte of a request to the last of its response, in milliseconds; default 10,000. */
  readonly deadlineMs?: number;
  /** For Sentry's client reports. */
  readonly recordDroppedEvent: Parameters<typeof createTransport>[0]["recordDroppedEvent"];
}

/**
 * Posts envelopes to Sentry. Rate limits and the bound of the queue are Sentry's
 * (`createTransport`). The connection is the one that exports over OTLP use: few
 * kept-alive sockets, none of which keeps the process alive, and a hard deadline.
 * `drain` returns what has not reached the network, for the process exit.
 */
export class EnvelopeTransport implements Transport {
  readonly #url: URL;
  readonly #deps: EnvelopeTransportDeps;
  readonly #sentryTransport: Transport;
  readonly #log: SentryExportLog;
  #client: HttpClient | undefined = undefined;
  readonly #queue: EnvelopeRequest[] = [];
  readonly #inFlight = new Set<EnvelopeRequest>();
  #rateLimits: RateLimits = {};
  /** The envelope that `send` passes to Sentry's transport, which calls `#enqueue` with its body only. */
  #sending: Envelope | undefined = undefined;
  /** Bytes of all envelopes in `#queue` and `#inFlight`. */
  #bytes = 0;
  #idleCallbacks: (() => void)[] = [];

  constructor(deps: EnvelopeTransportDeps) {
    this.#deps = deps;
    this.#url = new URL(deps.url);
    this.#log = new SentryExportLog(this.#url.host, deps.counters, deps.diagnostics);
    this.#sentryTransport = createTransport(
      { bufferSize: MAX_QUEUED, recordDroppedEvent: deps.recordDroppedEvent },
      ({ body }) => this.#enqueue(typeof body === "string" ? Buffer.from(body) : body),
    );
  }

  /** Whether Sentry asked for a pause of this category. */
  isLimited(category: DataCategory): boolean {
    return isRateLimited(this.#rateLimits, category);
  }

  send(envelope: Envelope): PromiseLike<TransportMakeRequestResponse> {
    this.#sending = envelope;
    try {
      return this.#sentryTransport.send(envelope);
    } catch (error) {
      // The envelope cannot be serialised.
      this.#deps.counters.drop("failed", countEvents(envelope));
      return Promise.reject(error);
    } finally {
      this.#sending = undefined;
    }
  }

  /** Resolves with true when nothing is queued or in flight, with false when the time is over. */
  flush(timeoutMs: number = DEADLINE_MS): Promise<boolean> {
    if (this.#queue.length === 0 && this.#inFlight.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      // Not unref'd: the caller awaits it.
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#idleCallbacks.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Removes and returns everything that has not reached the network. */
  drain(): ExitRequestFactory[] {
    const drained: EnvelopeRequest[] = [];
    for (const envelopeRequest of this.#inFlight) {
      if (envelopeRequest.isWritten) continue;
      this.#inFlight.delete(envelopeRequest);
      envelopeRequest.abort();
      drained.push(envelopeRequest);
    }
    drained.push(...this.#queue.splice(0));
    for (const { body } of drained) this.#bytes -= body.length;
    return drained.map((envelopeRequest) => () => this.#exitRequest(envelopeRequest));
  }

  #exitRequest(envelopeRequest: EnvelopeRequest): ExitRequest {
    const zipped = envelopeRequest.body.length > GZIP_ABOVE_BYTES;
    return {
      kind: "http",
      url: this.#url.href,
      headers: { ...this.#baseHeaders(), ...headersOf(zipped) },
      body: zipped ? zlib().gzipSync(envelopeRequest.body) : envelopeRequest.body,
      proxyEnv: this.#getClient().proxyEnv,
      tls: { ca: undefined, cert: undefined, key: undefined },
      onResult: (delivered, _response, reason) => {
        this.#countResult(envelopeRequest, delivered ? "sent" : "failed");
        if (!delivered && reason !== undefined)
          this.#log.unreachable(reason, envelopeRequest.events);
        envelopeRequest.resolve({});
      },
    };
  }

  #enqueue(body: Uint8Array): Promise<TransportMakeRequestResponse> {
    return new Promise((resolve, reject) => {
      const envelopeRequest = new EnvelopeRequest(body, this.#sending, resolve, reject);
      if (this.#bytes + body.length > MAX_QUEUED_BYTES) {
        this.#deps.counters.drop("queue_full", envelopeRequest.events);
        reject(new Error("the queue is full"));
        return;
      }
      this.#bytes += body.length;
      this.#queue.push(envelopeRequest);
      this.#startQueued();
    });
  }

  #startQueued(): void {
    while (this.#inFlight.size < MAX_IN_FLIGHT) {
      const envelopeRequest = this.#queue.shift();
      if (envelopeRequest === undefined) break;
      this.#inFlight.add(envelopeRequest);
      this.#compressAndSend(envelopeRequest);
    }
    if (this.#inFlight.size > 0) return;
    for (const resume of this.#idleCallbacks.splice(0)) resume();
  }

  #compressAndSend(envelopeRequest: EnvelopeRequest): void {
    runSuppressed(() => {
      if (envelopeRequest.body.length <= GZIP_ABOVE_BYTES) {
        this.#sendRequest(envelopeRequest, envelopeRequest.body, false);
        return;
      }
      zlib().gzip(envelopeRequest.body, (error, zipped) => {
        if (!this.#inFlight.has(envelopeRequest)) return;
        if (error === null) this.#sendRequest(envelopeRequest, zipped, true);
        else this.#sendRequest(envelopeRequest, envelopeRequest.body, false);
      });
    });
  }

  #sendRequest(envelopeRequest: EnvelopeRequest, body: Uint8Array, zipped: boolean): void {
    const { deadlineMs = DEADLINE_MS } = this.#deps;
    const attempt = this.#getClient().post(body, headersOf(zipped));
    envelopeRequest.attempt = attempt;
    const limits = {
      timeoutMs: deadlineMs,
      timeoutReason: `no answer within ${deadlineMs} ms`,
      onIdle: () => this.#requeue(envelopeRequest),
    };
    void awaitResponse(attempt, limits).then((result) => {
      // Otherwise the envelope was drained or requeued, or has another attempt.
      if (envelopeRequest.attempt === attempt) this.#onResult(envelopeRequest, result);
    });
  }

  /** Created at the first request, when the app may have set up a proxy. */
  #getClient(): HttpClient {
    this.#client ??= new HttpClient({
      url: this.#url.href,
      headers: this.#baseHeaders(),
      maxSockets: MAX_IN_FLIGHT,
    });
    return this.#client;
  }

  #baseHeaders(): Record<string, string> {
    return { "content-type": "application/x-sentry-envelope", ...this.#deps.headers };
  }

  #onResult(envelopeRequest: EnvelopeRequest, result: HttpResponse | HttpFailure): void {
    if (result.kind === "response") this.#onResponse(envelopeRequest, result);
    else this.#onFailure(envelopeRequest, result);
  }

  #onResponse(envelopeRequest: EnvelopeRequest, { status, headers }: HttpResponse): void {
    if (status === 413 && this.#retryReduced(envelopeRequest)) return;
    this.#remove(envelopeRequest);
    const result = { statusCode: status, headers: boundedRateLimits(headers) };
    this.#rateLimits = updateRateLimits(this.#rateLimits, result);
    const isSuccess = status >= 200 && status < 300;
    this.#countResult(envelopeRequest, isSuccess ? "sent" : "rejected");
    if (isSuccess) this.#log.accepted(this.isLimited("error"));
    else this.#log.rejected(status, envelopeRequest.events);
    envelopeRequest.resolve(result);
    this.#startQueued();
  }

  /** Sends an event once more that is too large for the peer, with less data. */
  #retryReduced(envelopeRequest: EnvelopeRequest): boolean {
    const { length } = envelopeRequest.body;
    try {
      if (!envelopeRequest.reduce()) return false;
    } catch {
      return false;
    }
    this.#bytes += envelopeRequest.body.length - length;
    envelopeRequest.attempt = undefined;
    this.#compressAndSend(envelopeRequest);
    return true;
  }

  #onFailure(envelopeRequest: EnvelopeRequest, { error, isStaleConnection }: HttpFailure): void {
    if (isStaleConnection && !envelopeRequest.isRetry) {
      envelopeRequest.isRetry = true;
      envelopeRequest.attempt = undefined;
      this.#compressAndSend(envelopeRequest);
      return;
    }
    this.#remove(envelopeRequest);
    this.#countResult(envelopeRequest, "failed");
    this.#log.unreachable(error.code ?? error.message, envelopeRequest.events);
    envelopeRequest.reject(error);
    this.#startQueued();
  }

  #remove(envelopeRequest: EnvelopeRequest): void {
    this.#inFlight.delete(envelopeRequest);
    this.#bytes -= envelopeRequest.body.length;
  }

  #countResult(envelopeRequest: EnvelopeRequest, result: "sent" | "rejected" | "failed"): void {
    const { counters } = this.#deps;
    if (result === "sent") counters.sent += envelopeRequest.events;
    else counters.drop(result, envelopeRequest.events);
  }

  /** Aborts the request and queues the envelope again, for `drain` or a later attempt. */
  #requeue(envelopeRequest: EnvelopeRequest): void {
    this.#inFlight.delete(envelopeRequest);
    envelopeRequest.abort();
    this.#queue.push(envelopeRequest);
    setTimeout(() => this.#startQueued(), REQUEUE_DELAY_MS).unref();
  }
}

function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}

function headersOf(zipped: boolean): Readonly<Record<string, string>> {
  return zipped ? { "content-encoding": "gzip" } : {};
}
