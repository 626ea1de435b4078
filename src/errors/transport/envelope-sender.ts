import { runSuppressed } from "../../context/manager.ts";
import { awaitResponse } from "../../export/connection/attempt.ts";
import {
  HttpClient,
  type HttpFailure,
  type HttpResponse,
} from "../../export/connection/http-client.ts";
import type { ExitRequest } from "../../export/pipeline.ts";
import type { EnvelopeRequest } from "./envelope-request.ts";

/** Below this gzip is not worth its time (as in Sentry's own transports). */
const GZIP_ABOVE_BYTES = 32_768;

export interface EnvelopeSenderOptions {
  /** The envelope endpoint, with the key in its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxSockets: number;
  /** Time limit from the first byte of a request to the last of its response, in milliseconds. */
  readonly deadlineMs: number;
}

/** Receives the results of requests. */
export interface SendHandlers {
  /** Whether the request is still in flight: it may have been drained meanwhile. */
  isInFlight(request: EnvelopeRequest): boolean;
  onResult(request: EnvelopeRequest, result: HttpResponse | HttpFailure): void;
  /** Called when nothing but a request that is not yet written keeps the process alive. */
  onIdle(request: EnvelopeRequest): void;
}

/**
 * Posts envelopes. The connection is the one that exports over OTLP use: few kept-alive
 * sockets, none of which keeps the process alive, and a hard deadline.
 */
export class EnvelopeSender {
  readonly #options: EnvelopeSenderOptions;
  readonly #handlers: SendHandlers;
  #client: HttpClient | undefined = undefined;

  constructor(options: EnvelopeSenderOptions, handlers: SendHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  send(request: EnvelopeRequest): void {
    request.refreshSentAt();
    runSuppressed(() => {
      if (request.body.length <= GZIP_ABOVE_BYTES) {
        this.#post(request, request.body, false);
        return;
      }
      zlib().gzip(request.body, (error, zipped) => {
        if (!this.#handlers.isInFlight(request)) return;
        if (error === null) this.#post(request, zipped, true);
        else this.#post(request, request.body, false);
      });
    });
  }

  /** Returns the request for the worker that sends at process exit. */
  exitRequest(request: EnvelopeRequest): Omit<ExitRequest, "onResult"> {
    request.refreshSentAt();
    const zipped = request.body.length > GZIP_ABOVE_BYTES;
    return {
      kind: "http",
      url: this.#options.url,
      headers: { ...this.#baseHeaders(), ...headersOf(zipped) },
      body: zipped ? zlib().gzipSync(request.body) : request.body,
      proxyEnv: this.#getClient().proxyEnv,
      tls: { ca: undefined, cert: undefined, key: undefined },
    };
  }

  #post(request: EnvelopeRequest, body: Uint8Array, zipped: boolean): void {
    const { deadlineMs } = this.#options;
    const attempt = this.#getClient().send(body, headersOf(zipped));
    request.attempt = attempt;
    request.startedAt = performance.now();
    const limits = {
      timeoutMs: deadlineMs,
      timeoutReason: `no answer within ${deadlineMs} ms`,
      onIdle: () => this.#handlers.onIdle(request),
    };
    void awaitResponse(attempt, limits).then((result) => {
      // Otherwise the envelope was drained or requeued, or has another attempt.
      if (request.attempt === attempt) this.#handlers.onResult(request, result);
    });
  }

  /** Created at the first request, when the app may have set up a proxy. */
  #getClient(): HttpClient {
    this.#client ??= new HttpClient({
      url: this.#options.url,
      headers: this.#baseHeaders(),
      maxSockets: this.#options.maxSockets,
    });
    return this.#client;
  }

  #baseHeaders(): Record<string, string> {
    return { "content-type": "application/x-sentry-envelope", ...this.#options.headers };
  }
}

function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}

function headersOf(zipped: boolean): Readonly<Record<string, string>> {
  return zipped ? { "content-encoding": "gzip" } : {};
}
