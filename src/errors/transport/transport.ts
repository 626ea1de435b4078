import {
  createEnvelope,
  type DataCategory,
  type Envelope,
  type EnvelopeItem,
  envelopeItemTypeToDataCategory,
  type EventDropReason,
  type Transport,
  type TransportMakeRequestResponse,
} from "@sentry/core";
import type { DropReason, SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import type { HttpFailure, HttpResponse } from "../../export/connection/http-client.ts";
import { retryAfterMs, type RetryPolicy } from "../../export/connection/retry.ts";
import type { ExitRequest, ExitRequestFactory } from "../../export/pipeline.ts";
import { countEvents, type ItemLoss, itemLosses } from "./envelope-items.ts";
import { EnvelopeRequest } from "./envelope-request.ts";
import { EnvelopeSender } from "./envelope-sender.ts";
import { RequestedPauses } from "./rate-limits.ts";
import { SendPause, sendRetry } from "./send-pause.ts";
import { SentryExportLog } from "./sentry-export-log.ts";

/** Maximum number of requests in flight. */
const MAX_IN_FLIGHT = 8;
/** Maximum number of envelopes that are queued or in flight; more are dropped. */
const MAX_QUEUED = 256;
/** Maximum of all their bytes, before compression. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
/** Time limit of a request, and by default of a flush, in milliseconds. */
export const DEADLINE_MS = 10_000;
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
  /** Default: `sendRetry`. */
  readonly retry?: RetryPolicy;
  /** Records a lost item for the next client report. */
  readonly recordLoss: (reason: EventDropReason, category: DataCategory, quantity: number) => void;
}

/**
 * Posts envelopes to Sentry, within a bounded queue. Rate limits are read and applied by
 * Sentry's functions. Its `createTransport` is not used: it reports an envelope as lost
 * that is sent later, and does not report one that is answered with 400 or 500.
 *
 * If Sentry is unavailable, envelopes wait (`SendPause`). Every loss is counted once, and
 * is in a later client report, unless Sentry counts it itself (429).
 */
export class EnvelopeTransport implements Transport {
  readonly #deps: EnvelopeTransportDeps;
  readonly #log: SentryExportLog;
  readonly #sender: EnvelopeSender;
  readonly #pauses = new RequestedPauses();
  readonly #retry: RetryPolicy;
  readonly #sendPause: SendPause;
  readonly #queue: EnvelopeRequest[] = [];
  readonly #inFlight = new Set<EnvelopeRequest>();
  /** Bytes of all envelopes in `#queue` and `#inFlight`. */
  #bytes = 0;
  /** Callbacks of `flush`, called with whether everything has been sent. */
  #flushCallbacks: ((isSent: boolean) => void)[] = [];

  constructor(deps: EnvelopeTransportDeps) {
    const { url, headers, counters, diagnostics, deadlineMs = DEADLINE_MS } = deps;
    this.#deps = deps;
    this.#retry = deps.retry ?? sendRetry;
    this.#sendPause = new SendPause(this.#retry, () => this.#startQueued());
    this.#log = new SentryExportLog(new URL(url).host, counters, diagnostics);
    this.#sender = new EnvelopeSender(
      { url, headers, deadlineMs, maxSockets: MAX_IN_FLIGHT },
      {
        isInFlight: (request) => this.#inFlight.has(request),
        onResult: (request, result) => this.#onResult(request, result),
        onIdle: (request) => this.#requeue(request),
      },
    );
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
      const request = new EnvelopeRequest(allowed);
      this.#enqueue(request);
      return request.done;
    } catch {
      // The envelope cannot be serialised.
      this.#lose(itemsOf(allowed), "failed", "internal_sdk_error");
      return Promise.resolve({});
    }
  }

  /**
   * Resolves with true when nothing is queued or in flight, and with false when all of it
   * was tried in vain or the time is over. Ends a pause after a failure early.
   */
  flush(timeoutMs: number = DEADLINE_MS): Promise<boolean> {
    this.#sendPause.skip();
    this.#startQueued();
    if (this.#inFlight.size === 0) return Promise.resolve(this.#queue.length === 0);
    return new Promise((resolve) => {
      // Not unref'd: the caller awaits it.
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#flushCallbacks.push((isSent) => {
        clearTimeout(timer);
        resolve(isSent);
      });
    });
  }

  /** Removes and returns everything that has not reached the network. */
  drain(): ExitRequestFactory[] {
    const drained: EnvelopeRequest[] = [];
    for (const request of this.#inFlight) {
      if (request.isWritten) continue;
      this.#inFlight.delete(request);
      request.abort();
      drained.push(request);
    }
    drained.push(...this.#queue.splice(0));
    for (const { body } of drained) this.#bytes -= body.length;
    return drained.map((request) => () => this.#exitRequest(request));
  }

  #exitRequest(request: EnvelopeRequest): ExitRequest {
    return {
      ...this.#sender.exitRequest(request),
      onResult: (delivered, _response, reason) => {
        if (delivered) this.#deps.counters.sent += request.events;
        else this.#loseRequest(request, "failed", "network_error");
        if (!delivered && reason !== undefined && !request.isReport)
          this.#log.undelivered(reason, request.events);
        request.finish();
      },
    };
  }

  /** Returns the envelope without items of a category that is paused, or undefined if none is left. */
  #withoutLimitedItems(envelope: Envelope): Envelope | undefined {
    const [head, items] = envelope as [Envelope[0], readonly EnvelopeItem[]];
    const isAllowed = ([{ type }]: EnvelopeItem): boolean =>
      !this.isLimited(envelopeItemTypeToDataCategory(type));
    const allowed = items.filter(isAllowed);
    if (allowed.length === items.length) return envelope;
    const limited = items.filter((item) => !isAllowed(item));
    this.#lose(itemsOf(envelopeOf(head, limited)), "rejected", "ratelimit_backoff");
    return allowed.length === 0 ? undefined : envelopeOf(head, allowed);
  }

  #enqueue(request: EnvelopeRequest): void {
    const isFull =
      this.#queue.length + this.#inFlight.size >= MAX_QUEUED ||
      this.#bytes + request.body.length > MAX_QUEUED_BYTES;
    if (isFull) {
      this.#loseRequest(request, "queue_full", "queue_overflow");
      return;
    }
    this.#bytes += request.body.length;
    this.#queue.push(request);
    this.#startQueued();
  }

  #startQueued(): void {
    while (this.#inFlight.size < this.#maxInFlight()) {
      const request = this.#queue.shift();
      if (request === undefined) break;
      this.#inFlight.add(request);
      this.#sender.send(request);
    }
    if (this.#inFlight.size > 0) return;
    const isSent = this.#queue.length === 0;
    for (const resume of this.#flushCallbacks.splice(0)) resume(isSent);
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
    if (status >= 200 && status < 300) {
      this.#deps.counters.sent += request.events;
      this.#log.accepted(this.isLimited("error"));
    } else {
      // Sentry counts what it has answered with 429.
      this.#loseRequest(request, "rejected", status === 429 ? undefined : "send_error");
      if (!request.isReport) this.#log.rejected(status, request.events);
    }
    request.finish({ statusCode: status });
    this.#startQueued();
  }

  /** Sends an event once more that is too large for the peer, with less data. */
  #retryReduced(request: EnvelopeRequest): boolean {
    const { length } = request.body;
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
  #retryLater(request: EnvelopeRequest, reason: DropReason, requestedPauseMs?: number): void {
    const { counters } = this.#deps;
    const pauseMs = this.#sendPause.start(requestedPauseMs);
    counters.lastFailedAt = Date.now();
    if (pauseMs !== undefined) counters.pausedUntil = Date.now() + pauseMs;
    this.#remove(request);
    request.failures++;
    if (request.failures < this.#retry.attempts) {
      request.attempt = undefined;
      this.#bytes += request.body.length;
      this.#queue.unshift(request);
    } else {
      this.#loseRequest(request, reason, reason === "failed" ? "network_error" : "send_error");
    }
    this.#startQueued();
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

  #loseRequest(
    request: EnvelopeRequest,
    dropReason: DropReason,
    reason: EventDropReason | undefined,
  ): void {
    this.#lose(request, dropReason, reason);
    request.finish();
  }

  /** @param reason undefined if Sentry counts the items itself. */
  #lose(
    { events, losses }: LostItems,
    dropReason: DropReason,
    reason: EventDropReason | undefined,
  ): void {
    const { counters, recordLoss } = this.#deps;
    counters.drop(dropReason, events);
    for (const { reason: own = reason, category, quantity } of losses) {
      if (own !== undefined) recordLoss(own, category, quantity);
    }
  }
}

interface LostItems {
  readonly events: number;
  readonly losses: readonly ItemLoss[];
}

function itemsOf(envelope: Envelope): LostItems {
  return { events: countEvents(envelope), losses: itemLosses(envelope) };
}

function envelopeOf(head: Envelope[0], items: readonly EnvelopeItem[]): Envelope {
  return createEnvelope<Envelope>(head, items as Envelope[1]);
}
