import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import { awaitResponse } from "../export/connection/attempt.ts";
import { type HttpAttempt } from "../export/connection/http-client.ts";
import { pauseMs } from "../export/connection/retry.ts";
import { delay } from "../export/delay.ts";
import type { ExitRequest, ExitRequestFactory } from "../export/pipeline.ts";
import type { AlertClient, AlertOutcome } from "./alert-client.ts";

export interface AlertQueueDeps {
  readonly client: AlertClient;
  readonly diagnostics: Diagnostics;
}

/** Time limit of one attempt, in milliseconds. */
const ATTEMPT_TIMEOUT_MS = 10_000;
/** An alert is sent twice at most. */
const MAX_ATTEMPTS = 2;
const RETRY_PAUSE_MS = 2000;
/** An alert for which the receiver asks for a longer pause is dropped. */
const MAX_RETRY_PAUSE_MS = 60_000;
/** Those of two periods; a receiver that is this slow gets no more. */
const MAX_QUEUED = 12;

interface QueuedAlert {
  readonly body: Uint8Array;
  attempt: HttpAttempt | undefined;
  /** Whether the attempt was cancelled because nothing else kept the process alive. */
  isIdle: boolean;
}

/** Sends alerts one after the other, each twice at most. */
export class AlertQueue {
  readonly #deps: AlertQueueDeps;
  #alerts: QueuedAlert[] = [];
  #sending: Promise<void> | undefined;

  constructor(deps: AlertQueueDeps) {
    this.#deps = deps;
  }

  get hasUnsent(): boolean {
    return this.#alerts.length > 0;
  }

  /** Queues an alert, or drops it if the receiver is too slow. */
  add(body: Uint8Array): void {
    if (this.#alerts.length >= MAX_QUEUED) {
      this.#reportFailure(this.#deps.client.describe("is too slow"));
      return;
    }
    this.#alerts.push({ body, attempt: undefined, isIdle: false });
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when all alerts are sent or dropped. */
  async sent(): Promise<void> {
    await this.#sending;
  }

  /** Removes and returns what the network does not have. */
  drainForExit(): ExitRequestFactory[] {
    const unwritten = this.#alerts.filter(({ attempt }) => attempt?.isFullyWritten() !== true);
    this.#alerts = this.#alerts.filter((alert) => !unwritten.includes(alert));
    for (const { attempt } of unwritten) attempt?.abort("sent at exit");
    return unwritten.map(
      ({ body }) =>
        () =>
          this.#exitRequest(body),
    );
  }

  #exitRequest(body: Uint8Array): ExitRequest {
    return {
      ...this.#deps.client.exitRequest(body),
      onResult: (delivered, _response, reason) => {
        if (!delivered && reason !== undefined) this.#reportFailure(this.#exitReason(reason));
      },
    };
  }

  /** The worker reports a status, a code, or a message of Node, which may have an address. */
  #exitReason(reason: string): string {
    const [words] = /^(?:answered \d{3}|no answer within the \d+ ms)/.exec(reason) ?? [];
    const code = /^[A-Z][A-Z\d_]+$/.test(reason) ? ` (${reason})` : "";
    return this.#deps.client.describe(words ?? `failed${code}`);
  }

  async #sendAll(): Promise<void> {
    for (let alert = this.#alerts[0]; alert !== undefined; alert = this.#alerts[0]) {
      await this.#send(alert);
      this.#alerts = this.#alerts.filter((other) => other !== alert);
    }
    this.#sending = undefined;
  }

  async #send(alert: QueuedAlert): Promise<void> {
    for (let tries = 1; this.#alerts.includes(alert); tries++) {
      const outcome = await this.#attempt(alert);
      if (outcome.kind === "sent" || !this.#alerts.includes(alert)) return;
      const requestedMs = outcome.retryAfterMs ?? RETRY_PAUSE_MS;
      const isRetried =
        tries < MAX_ATTEMPTS && outcome.isRetryable && requestedMs <= MAX_RETRY_PAUSE_MS;
      if (!isRetried && !alert.isIdle) {
        this.#reportFailure(outcome.reason);
        return;
      }
      await delay(pauseMs(requestedMs, RETRY_PAUSE_MS));
    }
  }

  async #attempt(alert: QueuedAlert): Promise<AlertOutcome> {
    const attempt = this.#deps.client.send(alert.body);
    alert.attempt = attempt;
    alert.isIdle = false;
    const result = await awaitResponse(attempt, {
      timeoutMs: ATTEMPT_TIMEOUT_MS,
      timeoutReason: `got no answer within ${ATTEMPT_TIMEOUT_MS} ms`,
      onIdle: () => {
        alert.isIdle = true;
        attempt.abort("cancelled at exit");
      },
    });
    alert.attempt = undefined;
    return this.#deps.client.outcomeOf(result);
  }

  #reportFailure(reason: string): void {
    this.#deps.diagnostics.warn("alert", `an alert was not sent: ${reason}`);
  }
}
