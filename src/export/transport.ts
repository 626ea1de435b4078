import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ExportResponse, IExporterTransport } from "@opentelemetry/otlp-exporter-base";
import { type Answer, type Attempt, busy, type Channel, type Failure } from "./channel.ts";
import { watchHolding } from "./holding.ts";
import { backoffMs, type RetryPolicy } from "./retry.ts";

const compress = promisify(gzip);

/** Node fires timers beyond this at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

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
  #holdMs = 0;
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

  /** How long the peer wants to be left alone after the last export, in milliseconds. */
  get holdMs(): number {
    return this.#holdMs;
  }

  /** What was odd about an answer that counts as success. */
  get remark(): string | undefined {
    return this.#remark;
  }

  /** An upper limit of the next exports beside the delegate's, in milliseconds. */
  limitTo(ms: number): void {
    this.#limitMs = ms;
  }

  async send(data: Uint8Array, timeoutMillis: number): Promise<ExportResponse> {
    const timeoutMs = Math.min(timeoutMillis, this.#limitMs, LONGEST_TIMER_MS);
    const deadline = performance.now() + timeoutMs;
    this.#abandoned = false;
    this.#holdMs = 0;
    this.#remark = undefined;
    this.#isRead = false;
    const body = this.#channel.frame(this.#gzip ? await compress(data) : data);
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

  async #sendUntil(deadline: number, timeoutMs: number, body: Uint8Array): Promise<ExportResponse> {
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
    const limit = setTimeout(() => attempt.stop(reason), left).unref();
    const answer = await attempt.answer;
    this.#isRead ||= !attempt.handedOver();
    clearTimeout(limit);
    this.#attempt = undefined;
    return answer;
  }

  #taken(answer: Answer & { kind: "taken" }): ExportResponse {
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
    const left = deadline - performance.now();
    const asked = answer.retryAfterMs;
    if (asked !== undefined && asked > left) this.#holdMs = asked;
    if (tries >= this.#retry.attempts) return undefined;
    const wait = asked ?? backoffMs(this.#retry, tries);
    return wait > left ? undefined : wait;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
