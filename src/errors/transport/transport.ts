import {
  createEnvelope,
  type DataCategory,
  type Envelope,
  type EnvelopeItem,
  envelopeItemTypeToDataCategory,
  type Transport,
  type TransportMakeRequestResponse,
} from "@sentry/core";
import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { HttpFailure, HttpResponse } from "../../export/connection/http-client.ts";
import { retryAfterMs, type RetryPolicy } from "../../export/connection/retry.ts";
import type { ExitRequestFactory } from "../../export/pipeline.ts";
import type { Spool } from "../spool/spool.ts";
import { hasOnlyAttachments, type RecordLoss } from "./envelope-items.ts";
import { EnvelopeLosses } from "./envelope-losses.ts";
import { EnvelopeRequest } from "./envelope-request.ts";
import { EnvelopeSender } from "./envelope-sender.ts";
import { ExitRequests, type ExitRequestsDeps } from "./exit-requests.ts";
import { RequestedPauses } from "./rate-limits.ts";
import { SendPause, sendRetry } from "./send-pause.ts";
import { MAX_QUEUED, MAX_QUEUED_BYTES, type Peer, SentryExportLog } from "./sentry-export-log.ts";
import { StoredSender } from "./stored-sender.ts";

/** Maximum number of requests in flight. */
const MAX_IN_FLIGHT = 8;
/** Time limit of a request, and by default of a flush, in milliseconds. */
export const DEADLINE_MS = 10_000;
/** Maximum number of stored envelopes in flight: new ones are sent first. */
const MAX_STORED_IN_FLIGHT = 2;
/** Delay before an aborted request is retried, if the process goes on after all. */
const REQUEUE_DELAY_MS = 1_000;

export interface EnvelopeTransportDeps {
  /** Default: Sentry. */
  readonly peer?: Peer;
  /** The envelope endpoint, with the key in its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** Time limit from the first byte of a request to the last of its response, in milliseconds; default 10,000. */
  readonly deadlineMs?: number;
  /** Default: `sendRetry`. */
  readonly retry?: RetryPolicy;
  readonly recordLoss: RecordLoss;
  /** Where events wait during an outage; undefined: in memory only. */
  readonly spool?: Spool | undefined;
  /** Time limit for storing events at process exit, in milliseconds; default 10,000. */
  readonly exitTimeoutMs?: number;
}

/**
 * Posts envelopes to Sentry, within a bounded queue. Rate limits are read and applied by
 * Sentry's functions. Its `createTransport` is not used: it reports an envelope as lost
 * that is sent later, and does not report one that is answered with 400 or 500.
 *
 * If Sentry is unavailable, envelopes wait (`SendPause`), on disk if there is a spool. Every
 * loss is counted once, and is in a later client report, unless Sentry counts it itself (429).
 */
export class EnvelopeTransport implements Transport {
  readonly #deps: EnvelopeTransportDeps;
  readonly #log: SentryExportLog;
  readonly #losses: EnvelopeLosses;
  readonly #sender: EnvelopeSender;
  readonly #pauses = new RequestedPauses();
  readonly #retry: RetryPolicy;
  readonly #sendPause: SendPause;
  readonly #queue: EnvelopeRequest[] = [];
  readonly #inFlight = new Set<EnvelopeRequest>();
  /** Envelopes that are being written to disk. */
  readonly #storing = new Set<EnvelopeRequest>();
  /** Bytes of all envelopes in `#queue`, `#inFlight` and `#storing`. */
  #bytes = 0;
  readonly #storedSender: StoredSender | undefined;
  /** Callbacks of `flush`, called with whether everything has been sent. */
  #flushCallbacks: ((isSent: boolean) => void)[] = [];

  constructor(deps: EnvelopeTransportDeps) {
    const { peer = "Sentry", url, headers, counters, diagnostics, spool } = deps;
    const { deadlineMs = DEADLINE_MS } = deps;
    this.#deps = deps;
    this.#retry = deps.retry ?? sendRetry;
    this.#sendPause = new SendPause(this.#retry, () => this.#startQueued());
    const { host } = new URL(url);
    this.#losses = new EnvelopeLosses(counters, deps.recordLoss);
    this.#log = new SentryExportLog(peer, host, spool !== undefined, counters, diagnostics);
    this.#sender = new EnvelopeSender(
      { url, headers, deadlineMs, maxSockets: MAX_IN_FLIGHT },
      {
        isInFlight: (request) => this.#inFlight.has(request),
        onResult: (request, result) => this.#onResult(request, result),
        onIdle: (request) => this.#requeue(request),
      },
    );
    this.#storedSender =
      spool &&
      new StoredSender({
        spool,
        canSend: () => this.#canSendStored(),
        isAvailable: () => this.#sendPause.isAvailable,
        pauseMs: (category) => this.#pauses.remainingMs(category),
        send: (request) => this.#queueStored(request),
      });
  }

  /** Whether Sentry asked for a pause of this category. */
  isLimited(category: DataCategory): boolean {
    return this.#pauses.isLimited(category);
  }

  /** Never rejects. */
  send(envelope: Envelope): Promise<TransportMakeRequestResponse> {
    const allowed = this.#withoutLimitedItems(envelope);
    if (allowed === undefined) return Promise.resolve({});
    try {
      const request = EnvelopeRequest.of(allowed);
      this.#enqueue(request);
      return request.done;
    } catch {
      // The envelope cannot be serialised.
      this.discard(allowed);
      return Promise.resolve({});
    }
  }

  /** Counts an envelope as lost that the client could not send. */
  discard(envelope: Envelope): void {
    this.#losses.add(envelope, "failed", "internal_sdk_error");
  }

  /**
   * Resolves with true when nothing is queued or in flight, and with false when all of it
   * was tried in vain or the time is over. Ends a pause after a failure early.
   */
  flush(timeoutMs: number = DEADLINE_MS): Promise<boolean> {
    this.#sendPause.skip();
    this.#startQueued();
    if (this.#inFlight.size === 0 && this.#storing.size === 0)
      return Promise.resolve(this.#queue.length === 0);
    return new Promise((resolve) => {
      // Not unref'd: the caller awaits it.
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#flushCallbacks.push((isSent) => {
        clearTimeout(timer);
        resolve(isSent);
      });
    });
  }

  /**
   * Removes and returns everything that has not reached the network. With a spool, events
   * are stored before they are sent; those that Sentry probably does not answer are
   * stored only.
   */
  drain(): ExitRequestFactory[] {
    const { spool, exitTimeoutMs = DEADLINE_MS } = this.#deps;
    const exit = new ExitRequests(this.#exitDeps, exitTimeoutMs);
    const drained: EnvelopeRequest[] = [...this.#storing];
    this.#storing.clear();
    for (const request of this.#inFlight) {
      if (request.isWritten && !exit.storeUnanswered(request)) {
        // It counts as sent: with its file, another process would send it once more.
        if (request.file !== undefined) spool?.removeSync(request.file);
        continue;
      }
      this.#inFlight.delete(request);
      request.abort();
      drained.push(request);
    }
    for (let next; (next = this.#takeQueued()) !== undefined;) drained.push(next);
    for (const { body, file } of drained) {
      this.#bytes -= body.length;
      if (file !== undefined) spool?.putBack(file);
    }
    return exit.create(drained.filter(({ file }) => file === undefined));
  }

  /** Returns the envelope without items of a category that is paused, or undefined if none is left. */
  #withoutLimitedItems(envelope: Envelope): Envelope | undefined {
    const [head, items] = envelope as [Envelope[0], readonly EnvelopeItem[]];
    const isAllowed = ([{ type }]: EnvelopeItem): boolean =>
      !this.isLimited(envelopeItemTypeToDataCategory(type));
    const allowed = items.filter(isAllowed);
    if (allowed.length === items.length) return envelope;
    const isUseless = hasOnlyAttachments(allowed);
    const limited = isUseless ? items : items.filter((item) => !isAllowed(item));
    this.#losses.add(envelopeOf(head, limited), "rejected", "ratelimit_backoff");
    return isUseless || allowed.length === 0 ? undefined : envelopeOf(head, allowed);
  }

  #enqueue(request: EnvelopeRequest): void {
    const isFull =
      this.#waitingCount >= MAX_QUEUED || this.#bytes + request.body.length > MAX_QUEUED_BYTES;
    if (isFull) {
      this.#log.queueFull(request.events);
      this.#losses.addRequest(request, "queue_full", "queue_overflow");
      return;
    }
    this.#bytes += request.body.length;
    if (this.#sendPause.isActive) this.#keep(request);
    else this.#queue.push(request);
    this.#startQueued();
  }

  /** Number of envelopes that are queued, in flight or being stored. */
  get #waitingCount(): number {
    return this.#queue.length + this.#inFlight.size + this.#storing.size;
  }

  #startQueued(): void {
    while (this.#inFlight.size < this.#maxInFlight()) {
      const request = this.#takeQueued();
      if (request === undefined) break;
      this.#inFlight.add(request);
      this.#sender.send(request);
    }
    void this.#storedSender?.resume();
    if (this.#inFlight.size > 0 || this.#storing.size > 0) return;
    const isSent = this.#queue.length === 0;
    for (const resume of this.#flushCallbacks.splice(0)) resume(isSent);
  }

  get #exitDeps(): ExitRequestsDeps {
    const { counters, spool } = this.#deps;
    return {
      ...{ counters, spool, log: this.#log, losses: this.#losses },
      ...{ sendPause: this.#sendPause, sender: this.#sender },
    };
  }

  /** Removes the first envelope of the queue that is not paused, and drops those before it. */
  #takeQueued(): EnvelopeRequest | undefined {
    for (;;) {
      const request = this.#queue.shift();
      if (request === undefined || !this.#isPaused(request)) return request;
      this.#bytes -= request.body.length;
      if (request.file === undefined)
        this.#losses.addRequest(request, "rejected", "ratelimit_backoff");
      else this.#deps.spool?.putBack(request.file);
    }
  }

  #isPaused({ categories }: EnvelopeRequest): boolean {
    return categories.some((category) => this.isLimited(category));
  }

  /** Stored envelopes are sent when there are no others. */
  #canSendStored(): boolean {
    const max = Math.min(MAX_STORED_IN_FLIGHT, this.#maxInFlight());
    return this.#queue.length === 0 && this.#inFlight.size < max;
  }

  #queueStored(request: EnvelopeRequest): void {
    this.#bytes += request.body.length;
    this.#queue.push(request);
    this.#startQueued();
  }

  #maxInFlight(): number {
    if (this.#sendPause.isActive) return 0;
    return this.#sendPause.isFailing ? 1 : MAX_IN_FLIGHT;
  }

  #onResult(request: EnvelopeRequest, result: HttpResponse | HttpFailure): void {
    if (result.kind === "failure") this.#onFailure(request, result);
    else if (result.status >= 500) this.#onUnavailable(request, result);
    else this.#onResponse(request, result);
  }

  #onFailure(request: EnvelopeRequest, { error, isStaleConnection }: HttpFailure): void {
    if (isStaleConnection && !request.isResent) {
      request.isResent = true;
      this.#sendAgain(request);
      return;
    }
    this.#log.unreachable(error.code ?? error.message);
    this.#retryLater(request, "failed");
  }

  #onUnavailable(request: EnvelopeRequest, { status, headers }: HttpResponse): void {
    this.#log.unavailable(status);
    const pauseMs = retryAfterMs(headers["retry-after"], Date.now());
    this.#retryLater(request, "rejected", pauseMs);
  }

  #onResponse(request: EnvelopeRequest, { status, headers }: HttpResponse): void {
    this.#sendPause.reset();
    this.#pauses.update(status, headers);
    if (status === 413 && this.#retryReduced(request)) return;
    this.#remove(request);
    if (request.file !== undefined) this.#deps.spool?.remove(request.file);
    if (status >= 200 && status < 300) {
      this.#deps.counters.sent += request.events;
      this.#log.accepted(this.isLimited("error"));
    } else {
      // Sentry counts what it has answered with 429.
      this.#losses.addRequest(request, "rejected", status === 429 ? undefined : "send_error");
      if (!request.isStatistics) this.#log.rejected(status, request.events);
    }
    request.finish({ statusCode: status });
    if (this.#waitingCount <= MAX_QUEUED / 2 && this.#bytes <= MAX_QUEUED_BYTES / 2)
      this.#log.queueDrained();
    this.#startQueued();
  }

  /** Sends an event once more that is too large for the peer, with less data. */
  #retryReduced(request: EnvelopeRequest): boolean {
    const { length } = request.body;
    if (this.#isPaused(request)) return false;
    try {
      if (!request.reduce()) return false;
    } catch {
      return false;
    }
    this.#bytes += request.body.length - length;
    this.#sendAgain(request);
    return true;
  }

  #sendAgain(request: EnvelopeRequest): void {
    request.attempt = undefined;
    this.#sender.send(request);
  }

  /** Queues the envelope for the time after the pause, or drops it after several tries. */
  #retryLater(
    request: EnvelopeRequest,
    reason: "failed" | "rejected",
    requestedPauseMs?: number,
  ): void {
    const { counters } = this.#deps;
    const pauseMs = this.#sendPause.start(requestedPauseMs);
    counters.lastFailedAt = Date.now();
    if (pauseMs !== undefined) counters.pausedUntil = Date.now() + pauseMs;
    this.#inFlight.delete(request);
    request.attempt = undefined;
    request.failures++;
    request.dropReason = reason;
    for (const waiting of [request, ...this.#queue.splice(0)]) this.#keep(waiting);
    this.#startQueued();
  }

  /** Keeps an envelope for the time after the pause: on disk, else in memory. */
  #keep(request: EnvelopeRequest): void {
    const { spool } = this.#deps;
    if (request.file !== undefined) {
      this.#bytes -= request.body.length;
      spool?.putBack(request.file);
    } else if (spool !== undefined && request.storable !== undefined) {
      this.#storing.add(request);
      void spool.store(request.storable).then((isStored) => this.#onStored(request, isStored));
    } else this.#keepInMemory(request);
  }

  #onStored(request: EnvelopeRequest, isStored: boolean): void {
    // Otherwise it was drained.
    if (!this.#storing.delete(request)) return;
    if (isStored) {
      this.#bytes -= request.body.length;
      request.finish();
    } else this.#keepInMemory(request);
    this.#startQueued();
  }

  /** Drops it after several tries. */
  #keepInMemory(request: EnvelopeRequest): void {
    if (request.failures < this.#retry.attempts) {
      this.#queue.push(request);
      return;
    }
    const { dropReason } = request;
    this.#bytes -= request.body.length;
    this.#losses.addRequest(
      request,
      dropReason,
      dropReason === "failed" ? "network_error" : "send_error",
    );
  }

  #remove(request: EnvelopeRequest): void {
    this.#inFlight.delete(request);
    this.#bytes -= request.body.length;
  }

  /** Aborts the request and queues the envelope again, for `drain` or a later attempt. */
  #requeue(request: EnvelopeRequest): void {
    this.#inFlight.delete(request);
    request.abort();
    this.#queue.push(request);
    setTimeout(() => this.#startQueued(), REQUEUE_DELAY_MS).unref();
  }
}

function envelopeOf(head: Envelope[0], items: readonly EnvelopeItem[]): Envelope {
  return createEnvelope<Envelope>(head, items as Envelope[1]);
}
