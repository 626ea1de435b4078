import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ExportResponse as TransportResponse, IExporterTransport } from "@opentelemetry/otlp-exporter-base";
import { type Answer, type Attempt, busy, type Channel, type Failure } from "./channel.ts";
import { watchHolding } from "./holding.ts";
import { backoffMs, pauseMs, type RetryPolicy } from "./retry.ts";
import { TimeLimit } from "./time-limit.ts";

const compress = promisify(gzip);

/** Node fires timers beyond this at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A pause that a peer asked for. */
export interface Hold {
  /** In its own words, in milliseconds: any number. */
  readonly askedMs: number;
  /** For how long it is left alone, see `pauseMs`. */
  readonly ms: number;
}

/** Why an export failed, through the SDK's delegate to whoever counts and says it. */
export class ExportError extends Error {
  readonly failure: Failure;
  /** The peer is away or can't now, as against: it will never take this. */
  readonly isAway: boolean;

  constructor(failure: Failure, isAway: boolean) {
    super(failure.reason);
    this.name = "ExportError";
    this.failure = failure;
    this.isAway = isAway;
  }
}

/**
 * A transport for the SDK's delegate. Against upstream's: the time limit is one
 * deadline over everything (theirs is the socket's idleness, which a dripping peer
 * outlives), an unreadable `Retry-After` leads to the back-off (theirs: 0 ms), no
 * timer or socket holds the process open, and an answer's size is capped low.
 */
export class DeadlineTransport implements IExporterTransport {
  readonly #channel: Channel;
  readonly #gzip: boolean;
  readonly #retry: RetryPolicy;
  readonly #reuse: ((data: Uint8Array) => void) | undefined;
  #limitMs = Infinity;
  #attempt: Attempt | undefined = undefined;
  #abandoned = false;
  #hold: Hold | undefined = undefined;
  #remark: string | undefined = undefined;
  /** Some attempt may not be done with the body. */
  #isRead = false;

  /** @param reuse given the data of an export that nothing reads again. */
  constructor(
    channel: Channel,
    compression: "gzip" | "none",
    retry: RetryPolicy,
    reuse?: (data: Uint8Array) => void,
  ) {
    this.#channel = channel;
    this.#gzip = compression === "gzip";
    this.#retry = retry;
    this.#reuse = reuse;
  }

  /** The last export was stopped because the process ends. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** The pause that the peer asked for when it took nothing of the last export. */
  get hold(): Hold | undefined {
    return this.#hold;
  }

  /** What was odd about an answer that counts as success. */
  get remark(): string | undefined {
    return this.#remark;
  }

  /** An upper limit of the next exports beside the delegate's, in milliseconds. */
  limitTo(ms: number): void {
    this.#limitMs = ms;
  }

  async send(data: Uint8Array, timeoutMillis: number): Promise<TransportResponse> {
    const timeoutMs = Math.min(timeoutMillis, this.#limitMs, LONGEST_TIMER_MS);
    this.#abandoned = false;
    this.#hold = undefined;
    this.#remark = undefined;
    this.#isRead = false;
    const body = this.#channel.frame(this.#gzip ? await compress(data) : data);
    // Only now: a loop that was blocked while this was compressed is no fault of the peer's.
    const deadline = performance.now() + timeoutMs;
    const response = await this.#sendUntil(deadline, timeoutMs, body);
    if (!this.#isRead) this.#reuse?.(data);
    return response;
  }

  /** See `Sender.abandon`. */
  abandon(): boolean {
    if (this.#attempt?.handedOver() === true) return true;
    this.#abandoned = true;
    this.#attempt?.stop("the process ends");
    return false;
  }

  shutdown(): void {}

  async #sendUntil(deadline: number, timeoutMs: number, body: Uint8Array): Promise<TransportResponse> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#try(body, deadline, timeoutMs);
      if (answer.kind === "taken") return this.#taken(answer);
      const wait = this.#waitAfter(answer, tries, deadline);
      if (wait === undefined || this.#abandoned) {
        return {
          status: "failure",
          error: new ExportError(answer.failure, answer.kind === "busy"),
        };
      }
      await pause(wait);
    }
  }

  async #try(body: Uint8Array, deadline: number, timeoutMs: number): Promise<Answer> {
    const reason = `no answer within ${timeoutMs} ms`;
    const left = deadline - performance.now();
    if (this.#abandoned || left <= 0) return busy("network", reason);
    const attempt = this.#channel.attempt(body);
    this.#attempt = attempt;
    watchHolding({
      holds: () => this.#attempt === attempt && !attempt.handedOver(),
      letGo: () => attempt.stop("no connection in time"),
    });
    const limit = new TimeLimit(left, () => attempt.stop(reason));
    const answer = await attempt.answer;
    this.#isRead ||= !attempt.handedOver();
    limit.lift();
    this.#attempt = undefined;
    return answer;
  }

  #taken(answer: Answer & { kind: "taken" }): TransportResponse {
    this.#remark = answer.remark;
    return { status: "success", data: answer.body };
  }

  /** Undefined: no further attempt. */
  #waitAfter(
    answer: Exclude<Answer, { kind: "taken" }>,
    tries: number,
    deadline: number,
  ): number | undefined {
    if (answer.kind === "refused") return undefined;
    const { retryAfterMs: askedMs, atOnce } = answer;
    const least = atOnce === true ? 0 : backoffMs(this.#retry, tries);
    const wait = askedMs === undefined ? least : pauseMs(askedMs, least);
    if (tries < this.#retry.attempts && wait <= deadline - performance.now()) return wait;
    if (askedMs !== undefined) this.#hold = { askedMs, ms: wait };
    return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
