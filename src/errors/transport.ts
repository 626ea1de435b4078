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
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { excerptOf } from "../diagnostics/plain-text.ts";
import { createAgent, moduleFor } from "../export/agent.ts";
import type { ExitRequest, PendingRequest } from "../export/exit.ts";
import { watchHolding } from "../export/holding.ts";
import { type ProxyEnvironment, proxyEnvironment } from "../export/proxy.ts";
import { quieten } from "../export/quiet.ts";
import { TimeLimit } from "../export/time-limit.ts";
import { boundedLimits } from "./pauses.ts";
import { eventsIn, Posting } from "./posting.ts";
import { SentryOutage } from "./sentry-outage.ts";

/** Requests under way at once. */
const MAX_OPEN = 8;
/** Envelopes that wait or are under way; what comes on top is dropped. */
export const MAX_QUEUED = 256;
/** All of their bytes, before compression. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;
const DEADLINE_MS = 10_000;
/** Sentry's answers have a line; more is not read. */
const MAX_ANSWER_BYTES = 65_536;
/** Below this gzip isn't worth its time (what Sentry's own transports do). */
const GZIP_ABOVE_BYTES = 32_768;
/** When a request that was let go is tried again, if the process goes on after all. */
const AGAIN_MS = 1_000;

export interface TransportOptions {
  /** The envelope endpoint, with the key in its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly account: Account;
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
  readonly #options: TransportOptions;
  readonly #envelopes: Transport;
  readonly #outage: SentryOutage;
  #agent: Agent | undefined = undefined;
  #proxyEnv: ProxyEnvironment | undefined = undefined;
  readonly #queue: Posting[] = [];
  readonly #open = new Set<Posting>();
  #limits: RateLimits = {};
  /** The envelope that is being sent just now. */
  #sending: Envelope | undefined = undefined;
  /** In `#queue` and `#open`. */
  #bytes = 0;
  #idle: (() => void)[] = [];

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.#outage = new SentryOutage(this.#url.host, options.account, options.diagnostics);
    this.#envelopes = createTransport(
      { bufferSize: MAX_QUEUED, recordDroppedEvent: options.recordDroppedEvent },
      ({ body }) => this.#post(typeof body === "string" ? Buffer.from(body) : body),
    );
  }

  /** Whether Sentry asked for a pause of such items. */
  isLimited(category: DataCategory): boolean {
    return isRateLimited(this.#limits, category);
  }

  send(envelope: Envelope): PromiseLike<TransportMakeRequestResponse> {
    this.#sending = envelope;
    try {
      return this.#envelopes.send(envelope);
    } catch (error) {
      // What can't be serialised.
      this.#options.account.drop("failed", eventsIn(envelope));
      return Promise.reject(error);
    } finally {
      this.#sending = undefined;
    }
  }

  /** Resolves when nothing waits and nothing is under way, or the time is over. */
  flush(timeoutMs: number = DEADLINE_MS): Promise<boolean> {
    if (this.#queue.length === 0 && this.#open.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      // Not unref'd: who asked waits for it.
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Takes back all that the network has not got. */
  take(): PendingRequest[] {
    const taken: Posting[] = [];
    for (const posting of this.#open) {
      if (posting.isWritten) continue;
      this.#open.delete(posting);
      posting.recall();
      taken.push(posting);
    }
    taken.push(...this.#queue.splice(0));
    for (const { body } of taken) this.#bytes -= body.length;
    return taken.map((posting) => () => this.#exitRequest(posting));
  }

  #exitRequest(posting: Posting): ExitRequest {
    const zipped = posting.body.length > GZIP_ABOVE_BYTES;
    return {
      kind: "http",
      url: this.#url.href,
      headers: this.#headers(zipped),
      body: zipped ? zlib().gzipSync(posting.body) : posting.body,
      proxyEnv: this.#proxyEnv ?? proxyEnvironment(),
      tls: { ca: undefined, cert: undefined, key: undefined },
      settle: (delivered, _answer, reason) => {
        this.#count(posting, delivered ? "sent" : "failed");
        if (!delivered && reason !== undefined) this.#sayLost(reason, posting.events);
        posting.resolve({});
      },
    };
  }

  #post(body: Uint8Array): Promise<TransportMakeRequestResponse> {
    return new Promise((resolve, reject) => {
      const posting = new Posting(body, this.#sending, resolve, reject);
      if (this.#bytes + body.length > MAX_QUEUED_BYTES) {
        this.#options.account.drop("queue_full", posting.events);
        reject(new Error("the queue is full"));
        return;
      }
      this.#bytes += body.length;
      this.#queue.push(posting);
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#open.size < MAX_OPEN) {
      const posting = this.#queue.shift();
      if (posting === undefined) break;
      this.#open.add(posting);
      this.#encode(posting);
    }
    if (this.#open.size > 0) return;
    for (const resume of this.#idle.splice(0)) resume();
  }

  #encode(posting: Posting): void {
    runSuppressed(() => {
      if (posting.body.length <= GZIP_ABOVE_BYTES) {
        this.#request(posting, posting.body, false);
        return;
      }
      zlib().gzip(posting.body, (error, zipped) => {
        if (!this.#open.has(posting)) return;
        if (error === null) this.#request(posting, zipped, true);
        else this.#request(posting, posting.body, false);
      });
    });
  }

  #request(posting: Posting, body: Uint8Array, zipped: boolean): void {
    try {
      const headers = { ...this.#headers(zipped), "content-length": String(body.length) };
      const options = { method: "POST", agent: this.#agentNow(), headers };
      const request = moduleFor(this.#url.href).request(this.#url, options);
      posting.request = request;
      const { deadlineMs = DEADLINE_MS } = this.#options;
      const limit = new TimeLimit(deadlineMs, () => {
        request.destroy(new Error(`no answer within ${deadlineMs} ms`));
      });
      request.on("socket", quieten);
      request.on("response", (response) => {
        drain(response);
        this.#settled(posting, request, response);
      });
      // What an answer of 101 comes to.
      request.on("upgrade", (response: IncomingMessage, socket: Socket) => {
        socket.destroy();
        this.#settled(posting, request, response);
      });
      request.on("error", (error: NodeJS.ErrnoException) => this.#failed(posting, request, error));
      request.on("close", () => {
        limit.lift();
        this.#failed(posting, request, new Error("closed without an answer"));
      });
      request.end(body);
      watchHolding({
        holds: () => posting.request === request && !posting.isWritten,
        letGo: () => this.#letGo(posting),
      });
    } catch (error) {
      this.#failed(posting, posting.request, error as Error);
    }
  }

  #agentNow(): Agent {
    if (this.#agent !== undefined) return this.#agent;
    this.#proxyEnv = proxyEnvironment();
    const options = { maxSockets: MAX_OPEN, proxyEnv: this.#proxyEnv };
    this.#agent = createAgent(this.#url.href, options);
    return this.#agent;
  }

  #headers(zipped: boolean): Record<string, string> {
    const headers: Record<string, string> = {
      "content-type": "application/x-sentry-envelope",
      ...this.#options.headers,
    };
    if (zipped) headers["content-encoding"] = "gzip";
    return headers;
  }

  #settled(posting: Posting, request: ClientRequest, response: IncomingMessage): void {
    if (!this.#isAwaited(posting, request)) return;
    const status = response.statusCode ?? 0;
    if (status === 413 && this.#tryShrunk(posting)) return;
    this.#done(posting);
    const answer = { statusCode: status, headers: boundedLimits(response.headers) };
    this.#limits = updateRateLimits(this.#limits, answer);
    const taken = status >= 200 && status < 300;
    this.#count(posting, taken ? "sent" : "rejected");
    this.#tell(status, taken, posting.events);
    posting.resolve(answer);
    this.#pump();
  }

  #tell(status: number, taken: boolean, events: number): void {
    const { host } = this.#url;
    const dropped = "such events are dropped and counted";
    if (taken && !this.isLimited("error")) {
      this.#outage.worked();
    } else if (taken) {
      this.#outage.failed("limit", "asks for a pause; events are dropped and counted meanwhile");
    } else if (ofOneEvent.has(status)) {
      const text = `Sentry at ${host} answers ${status}; ${dropped}`;
      this.#options.diagnostics.warn(`errors.status.${status}`, text);
    } else {
      const text = `answers ${status}${adviceFor(status)}; ${dropped}`;
      this.#outage.failed(`status.${status}`, text, events);
    }
  }

  /** What the peer finds too large is tried once more, with less of it. */
  #tryShrunk(posting: Posting): boolean {
    const { length } = posting.body;
    try {
      if (!posting.shrink()) return false;
    } catch {
      return false;
    }
    this.#bytes += posting.body.length - length;
    posting.request = undefined;
    this.#encode(posting);
    return true;
  }

  #failed(
    posting: Posting,
    request: ClientRequest | undefined,
    error: NodeJS.ErrnoException,
  ): void {
    if (!this.#isAwaited(posting, request)) return;
    if (posting.isRetriable(error)) {
      posting.retried = true;
      posting.request = undefined;
      this.#encode(posting);
      return;
    }
    this.#done(posting);
    this.#count(posting, "failed");
    this.#sayLost(error.code ?? error.message, posting.events);
    posting.reject(error);
    this.#pump();
  }

  #sayLost(reason: string, events: number): void {
    const [, answer] = /^answered (.*)/.exec(reason) ?? [];
    const what =
      answer === undefined
        ? `can't be reached (${excerptOf(reason)})`
        : `answers ${excerptOf(answer.trim())}`;
    this.#outage.failed("network", `${what}; events are dropped and counted`, events);
  }

  /** Not so once it has its outcome, was let go, or is sent by another request. */
  #isAwaited(posting: Posting, request: ClientRequest | undefined): boolean {
    return this.#open.has(posting) && posting.request === request;
  }

  #done(posting: Posting): void {
    this.#open.delete(posting);
    this.#bytes -= posting.body.length;
  }

  #count(posting: Posting, outcome: "sent" | "rejected" | "failed"): void {
    const { account } = this.#options;
    if (outcome === "sent") account.sent += posting.events;
    else account.drop(outcome, posting.events);
  }

  /** Back into the queue, from which the end takes it. */
  #letGo(posting: Posting): void {
    this.#open.delete(posting);
    posting.recall();
    this.#queue.push(posting);
    setTimeout(() => this.#pump(), AGAIN_MS).unref();
  }
}

function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}

/** Statuses that say something of one event, and nothing of the next. */
const ofOneEvent: ReadonlySet<number> = new Set([400, 413]);

/** What to look at, where the status points to the DSN. */
function adviceFor(status: number): string {
  return [401, 403, 404].includes(status) ? " (check SENTRY_DSN)" : "";
}

/** Reads an answer away, so that its connection can be used again. */
function drain(response: IncomingMessage): void {
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) response.destroy();
  });
  // An answer cut off still had its status.
  response.on("error", () => {});
}
