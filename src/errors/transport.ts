import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import {
  createTransport,
  type DataCategory,
  type Envelope,
  forEachEnvelopeItem,
  isRateLimited,
  type RateLimits,
  type Transport,
  type TransportMakeRequestResponse,
  updateRateLimits,
} from "@sentry/core";
import { runSuppressed } from "../context/manager.ts";
import type { Account } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { ExitRequest, PendingRequest } from "../export/exit.ts";
import { watchHolding } from "../export/holding.ts";

/** Requests under way at once. */
const MAX_OPEN = 8;
/** Envelopes that wait or are under way; what comes on top is dropped. */
export const MAX_QUEUED = 256;
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
  #agent: Agent | undefined = undefined;
  readonly #queue: Posting[] = [];
  readonly #open = new Set<Posting>();
  #limits: RateLimits = {};
  /** Events in the envelope that is being sent just now. */
  #events = 0;
  #idle: (() => void)[] = [];

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
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
    this.#events = eventsIn(envelope);
    try {
      return this.#envelopes.send(envelope);
    } catch (error) {
      // What can't be serialised.
      this.#options.account.drop("failed", this.#events);
      return Promise.reject(error);
    } finally {
      this.#events = 0;
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
    return taken.map((posting) => () => this.#exitRequest(posting));
  }

  #exitRequest(posting: Posting): ExitRequest {
    const zipped = posting.body.length > GZIP_ABOVE_BYTES;
    return {
      kind: "http",
      url: this.#url.href,
      headers: this.#headers(zipped),
      body: zipped ? zlib().gzipSync(posting.body) : posting.body,
      tls: { ca: undefined, cert: undefined, key: undefined },
      settle: (delivered) => {
        this.#count(posting, delivered ? "sent" : "failed");
        posting.resolve({});
      },
    };
  }

  #post(body: Uint8Array): Promise<TransportMakeRequestResponse> {
    return new Promise((resolve, reject) => {
      this.#queue.push(new Posting(body, this.#events, resolve, reject));
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
      const { request: open, Agent } = moduleFor(this.#url.protocol);
      this.#agent ??= new Agent({ keepAlive: true, maxSockets: MAX_OPEN });
      const headers = { ...this.#headers(zipped), "content-length": String(body.length) };
      const request = open(this.#url, { method: "POST", agent: this.#agent, headers });
      posting.request = request;
      request.on("socket", (socket) => socket.unref());
      request.on("response", (response) => {
        drain(response, () => clearTimeout(deadline));
        if (posting.request === request) this.#settled(posting, response);
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(deadline);
        if (posting.request === request) this.#failed(posting, error);
      });
      const { deadlineMs = DEADLINE_MS } = this.#options;
      const deadline = setTimeout(() => {
        request.destroy(new Error(`no answer within ${deadlineMs} ms`));
      }, deadlineMs).unref();
      request.end(body);
      watchHolding({
        holds: () => posting.request === request && !posting.isWritten,
        letGo: () => this.#letGo(posting),
      });
    } catch (error) {
      this.#failed(posting, error as Error);
    }
  }

  #headers(zipped: boolean): Record<string, string> {
    const headers: Record<string, string> = {
      "content-type": "application/x-sentry-envelope",
      ...this.#options.headers,
    };
    if (zipped) headers["content-encoding"] = "gzip";
    return headers;
  }

  #settled(posting: Posting, response: IncomingMessage): void {
    this.#open.delete(posting);
    const status = response.statusCode ?? 0;
    const answer = { statusCode: status, headers: limitHeaders(response) };
    this.#limits = updateRateLimits(this.#limits, answer);
    const taken = status >= 200 && status < 300;
    this.#count(posting, taken ? "sent" : "rejected");
    if (!taken) {
      this.#options.diagnostics.warn(
        `errors.status.${status}`,
        `Sentry at ${this.#url.host} answers ${status}${adviceFor(status)}; such events are dropped and counted`,
      );
    }
    posting.resolve(answer);
    this.#pump();
  }

  #failed(posting: Posting, error: NodeJS.ErrnoException): void {
    if (posting.isRetriable(error)) {
      posting.retried = true;
      this.#encode(posting);
      return;
    }
    this.#open.delete(posting);
    this.#count(posting, "failed");
    this.#options.diagnostics.warn(
      "errors.network",
      `Sentry at ${this.#url.host} can't be reached (${error.code ?? error.message}); events are dropped and counted`,
    );
    posting.reject(error);
    this.#pump();
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

/** One envelope on its way. */
class Posting {
  readonly body: Uint8Array;
  /** How many events it holds, for the books. */
  readonly events: number;
  readonly resolve: (response: TransportMakeRequestResponse) => void;
  readonly reject: (error: Error) => void;
  request: ClientRequest | undefined = undefined;
  retried = false;

  constructor(
    body: Uint8Array,
    events: number,
    resolve: (response: TransportMakeRequestResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.body = body;
    this.events = events;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Whether the kernel has all of it: then it arrives whatever becomes of us. */
  get isWritten(): boolean {
    return this.request?.writableFinished === true && !this.isConnecting;
  }

  get isConnecting(): boolean {
    const socket = this.request?.socket;
    return this.request !== undefined && (socket === null || socket?.connecting === true);
  }

  /** The peer closed a connection that was kept alive, just as we took it. */
  isRetriable(error: NodeJS.ErrnoException): boolean {
    return !this.retried && this.request?.reusedSocket === true && error.code === "ECONNRESET";
  }

  recall(): void {
    this.request?.destroy();
    this.request = undefined;
  }
}

/**
 * Node's own modules, when they are first needed and not by `import`: the ES
 * face of `node:http` reads all its exports, and so loads undici (tried: 36 ms
 * against 3 on Node 26, 19 on 22); `node:https` brings OpenSSL, 10 ms.
 */
function moduleFor(protocol: string): typeof import("node:https") | typeof import("node:http") {
  return process.getBuiltinModule(protocol === "https:" ? "node:https" : "node:http");
}

function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}

/** What to look at, where the status points to the DSN. */
function adviceFor(status: number): string {
  return [401, 403, 404].includes(status) ? " (check SENTRY_DSN)" : "";
}

function eventsIn(envelope: Envelope): number {
  let count = 0;
  forEachEnvelopeItem(envelope, (_item, type) => {
    if (type === "event") count++;
  });
  return count;
}

/** Reads an answer away, so that its connection can be used again. */
function drain(response: IncomingMessage, done: () => void): void {
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) response.destroy();
  });
  // An answer cut off still had its status; `close` follows.
  response.on("error", () => {});
  response.on("close", done);
}

function limitHeaders({
  headers,
}: IncomingMessage): NonNullable<TransportMakeRequestResponse["headers"]> {
  const limits = headers["x-sentry-rate-limits"];
  return {
    "retry-after": headers["retry-after"] ?? null,
    "x-sentry-rate-limits": (Array.isArray(limits) ? limits.join(",") : limits) ?? null,
  };
}
