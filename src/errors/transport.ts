import type { ClientRequest, IncomingMessage } from "node:http";
import type { Agent } from "node:https";
import type { Socket } from "node:net";
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
import { runSuppressed } from "../context/manager.ts";
import type { SignalCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { excerpt } from "../diagnostics/escape-control-characters.ts";
import { createAgent, httpModuleFor } from "../export/connection/agent.ts";
import type { ExitRequest, ExitRequestFactory } from "../export/pipeline.ts";
import { cancelWhenIdle } from "../export/exit/exit-blockers.ts";
import { type ProxyEnvironment, proxyEnvironment } from "../export/connection/proxy.ts";
import { unrefSocket } from "../export/connection/unref-socket.ts";
import { TimeLimit } from "../export/connection/time-limit.ts";
import { boundedRateLimits } from "./rate-limits.ts";
import { countEvents, EnvelopeRequest } from "./envelope-request.ts";
import { SentryExportLog } from "./sentry-export-log.ts";

/** Requests under way at once. */
const MAX_IN_FLIGHT = 8;
/** Envelopes that wait or are under way; what comes on top is dropped. */
export const MAX_QUEUED = 256;
/** All of their bytes, before compression. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
const DEADLINE_MS = 10_000;
/** Sentry's answers have a line; more is not read. */
const MAX_RESPONSE_BYTES = 65_536;
/** Below this gzip isn't worth its time (what Sentry's own transports do). */
const GZIP_ABOVE_BYTES = 32_768;
/** When a request that was let go is tried again, if the process goes on after all. */
const REQUEUE_DELAY_MS = 1_000;

export interface EnvelopeTransportDeps {
  /** The envelope endpoint, with the key in its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly counters: SignalCounters;
  readonly diagnostics: Diagnostics;
  /** From the first byte of a request to the last of its answer, in milliseconds; default 10,000. */
  readonly deadlineMs?: number;
  /** For Sentry's client reports. */
  readonly recordDroppedEvent: Parameters<typeof createTransport>[0]["recordDroppedEvent"];
}

/**
 * Posts envelopes to Sentry. Rate limits and the queue's bound are Sentry's
 * (`createTransport`), the requests are ours: few connections kept alive, none
 * of which holds the process; a hard deadline; and at any moment all that has
 * not reached the network can be taken back for the end of the process.
 */
export class EnvelopeTransport implements Transport {
  readonly #url: URL;
  readonly #deps: EnvelopeTransportDeps;
  readonly #sentryTransport: Transport;
  readonly #log: SentryExportLog;
  #agent: Agent | undefined = undefined;
  #proxyEnv: ProxyEnvironment | undefined = undefined;
  readonly #queue: EnvelopeRequest[] = [];
  readonly #inFlight = new Set<EnvelopeRequest>();
  #rateLimits: RateLimits = {};
  /** The envelope that is being sent just now. */
  #sending: Envelope | undefined = undefined;
  /** In `#queue` and `#open`. */
  #bytes = 0;
  #idleCallbacks: (() => void)[] = [];

  constructor(options: EnvelopeTransportDeps) {
    this.#deps = options;
    this.#url = new URL(options.url);
    this.#log = new SentryExportLog(this.#url.host, options.counters, options.diagnostics);
    this.#sentryTransport = createTransport(
      { bufferSize: MAX_QUEUED, recordDroppedEvent: options.recordDroppedEvent },
      ({ body }) => this.#enqueue(typeof body === "string" ? Buffer.from(body) : body),
    );
  }

  /** Whether Sentry asked for a pause of such items. */
  isLimited(category: DataCategory): boolean {
    return isRateLimited(this.#rateLimits, category);
  }

  send(envelope: Envelope): PromiseLike<TransportMakeRequestResponse> {
    this.#sending = envelope;
    try {
      return this.#sentryTransport.send(envelope);
    } catch (error) {
      // What can't be serialised.
      this.#deps.counters.drop("failed", countEvents(envelope));
      return Promise.reject(error);
    } finally {
      this.#sending = undefined;
    }
  }

  /** Resolves when nothing waits and nothing is under way, or the time is over. */
  flush(timeoutMs: number = DEADLINE_MS): Promise<boolean> {
    if (this.#queue.length === 0 && this.#inFlight.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      // Not unref'd: who asked waits for it.
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#idleCallbacks.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Takes back all that the network has not got. */
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
      headers: this.#headers(zipped),
      body: zipped ? zlib().gzipSync(envelopeRequest.body) : envelopeRequest.body,
      proxyEnv: this.#proxyEnv ?? proxyEnvironment(),
      tls: { ca: undefined, cert: undefined, key: undefined },
      onResult: (delivered, _answer, reason) => {
        this.#countResult(envelopeRequest, delivered ? "sent" : "failed");
        if (!delivered && reason !== undefined) this.#logFailure(reason, envelopeRequest.events);
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
    try {
      const headers = { ...this.#headers(zipped), "content-length": String(body.length) };
      const options = { method: "POST", agent: this.#getAgent(), headers };
      const request = httpModuleFor(this.#url.href).request(this.#url, options);
      envelopeRequest.request = request;
      const { deadlineMs = DEADLINE_MS } = this.#deps;
      const limit = new TimeLimit(deadlineMs, () => {
        request.destroy(new Error(`no answer within ${deadlineMs} ms`));
      });
      request.on("socket", unrefSocket);
      request.on("response", (response) => {
        discardBody(response);
        this.#onResponse(envelopeRequest, request, response);
      });
      // What an answer of 101 comes to.
      request.on("upgrade", (response: IncomingMessage, socket: Socket) => {
        socket.destroy();
        this.#onResponse(envelopeRequest, request, response);
      });
      request.on("error", (error: NodeJS.ErrnoException) =>
        this.#onError(envelopeRequest, request, error),
      );
      request.on("close", () => {
        limit.clear();
        this.#onError(envelopeRequest, request, new Error("closed without an answer"));
      });
      request.end(body);
      cancelWhenIdle({
        isBlocking: () => envelopeRequest.request === request && !envelopeRequest.isWritten,
        cancel: () => this.#requeue(envelopeRequest),
      });
    } catch (error) {
      this.#onError(envelopeRequest, envelopeRequest.request, error as Error);
    }
  }

  #getAgent(): Agent {
    if (this.#agent !== undefined) return this.#agent;
    this.#proxyEnv = proxyEnvironment();
    const options = { maxSockets: MAX_IN_FLIGHT, proxyEnv: this.#proxyEnv };
    this.#agent = createAgent(this.#url.href, options);
    return this.#agent;
  }

  #headers(zipped: boolean): Record<string, string> {
    const headers: Record<string, string> = {
      "content-type": "application/x-sentry-envelope",
      ...this.#deps.headers,
    };
    if (zipped) headers["content-encoding"] = "gzip";
    return headers;
  }

  #onResponse(
    envelopeRequest: EnvelopeRequest,
    request: ClientRequest,
    response: IncomingMessage,
  ): void {
    if (!this.#isCurrent(envelopeRequest, request)) return;
    const status = response.statusCode ?? 0;
    if (status === 413 && this.#retryShrunk(envelopeRequest)) return;
    this.#remove(envelopeRequest);
    const result = { statusCode: status, headers: boundedRateLimits(response.headers) };
    this.#rateLimits = updateRateLimits(this.#rateLimits, result);
    const isSuccess = status >= 200 && status < 300;
    this.#countResult(envelopeRequest, isSuccess ? "sent" : "rejected");
    this.#logStatus(status, isSuccess, envelopeRequest.events);
    envelopeRequest.resolve(result);
    this.#startQueued();
  }

  #logStatus(status: number, isSuccess: boolean, events: number): void {
    const { host } = this.#url;
    const dropped = "such events are dropped and counted";
    if (isSuccess && !this.isLimited("error")) {
      this.#log.recovered();
    } else if (isSuccess) {
      this.#log.failed("limit", "asks for a pause; events are dropped and counted meanwhile");
    } else if (eventSpecificStatuses.has(status)) {
      const text = `Sentry at ${host} answers ${status}; ${dropped}`;
      this.#deps.diagnostics.warn(`errors.status.${status}`, text);
    } else {
      const text = `answers ${status}${dsnAdvice(status)}; ${dropped}`;
      this.#log.failed(`status.${status}`, text, events);
    }
  }

  /** What the peer finds too large is tried once more, with less of it. */
  #retryShrunk(envelopeRequest: EnvelopeRequest): boolean {
    const { length } = envelopeRequest.body;
    try {
      if (!envelopeRequest.shrink()) return false;
    } catch {
      return false;
    }
    this.#bytes += envelopeRequest.body.length - length;
    envelopeRequest.request = undefined;
    this.#compressAndSend(envelopeRequest);
    return true;
  }

  #onError(
    envelopeRequest: EnvelopeRequest,
    request: ClientRequest | undefined,
    error: NodeJS.ErrnoException,
  ): void {
    if (!this.#isCurrent(envelopeRequest, request)) return;
    if (envelopeRequest.isRetriable(error)) {
      envelopeRequest.isRetry = true;
      envelopeRequest.request = undefined;
      this.#compressAndSend(envelopeRequest);
      return;
    }
    this.#remove(envelopeRequest);
    this.#countResult(envelopeRequest, "failed");
    this.#logFailure(error.code ?? error.message, envelopeRequest.events);
    envelopeRequest.reject(error);
    this.#startQueued();
  }

  #logFailure(reason: string, events: number): void {
    const [, status] = /^answered (.*)/.exec(reason) ?? [];
    const text =
      status === undefined
        ? `can't be reached (${excerpt(reason)})`
        : `answers ${excerpt(status.trim())}`;
    this.#log.failed("network", `${text}; events are dropped and counted`, events);
  }

  /** Not so once it has its outcome, was let go, or is sent by another request. */
  #isCurrent(envelopeRequest: EnvelopeRequest, request: ClientRequest | undefined): boolean {
    return this.#inFlight.has(envelopeRequest) && envelopeRequest.request === request;
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

  /** Back into the queue, from which the end takes it. */
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

/** Statuses that say something of one event, and nothing of the next. */
const eventSpecificStatuses: ReadonlySet<number> = new Set([400, 413]);

/** What to look at, where the status points to the DSN. */
function dsnAdvice(status: number): string {
  return [401, 403, 404].includes(status) ? " (check SENTRY_DSN)" : "";
}

/** Reads an answer away, so that its connection can be used again. */
function discardBody(response: IncomingMessage): void {
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) response.destroy();
  });
  // An answer cut off still had its status.
  response.on("error", () => {});
}
