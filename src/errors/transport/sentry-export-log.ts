import type { SignalCounters } from "../../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../../diagnostics/diagnostics.ts";
import { excerpt } from "../../diagnostics/escape-control-characters.ts";
import { sendRetry } from "./send-pause.ts";

/** Maximum number of envelopes that are queued or in flight; more are dropped. */
export const MAX_QUEUED = 256;
/** Maximum of all their bytes, before compression. */
export const MAX_QUEUED_BYTES: number = 32 * 1024 * 1024;

/** Statuses that concern one event, and not the next. */
const eventSpecificStatuses: ReadonlySet<number> = new Set([400, 413]);

const RETRY_NOTE = `events are tried ${sendRetry.attempts} times, then dropped and counted`;
const STORE_NOTE = "events are stored on disk until it takes them";

/** What receives envelopes. */
export type Peer = "Sentry" | "Spotlight";

/** Logs one line when Sentry stops accepting events, and one, with the number of lost events, when it recovers. */
export class SentryExportLog {
  readonly #peer: Peer;
  /** The peer and its address. */
  readonly #name: string;
  /** What happens to events in an outage. */
  readonly #note: string;
  readonly #counters: SignalCounters;
  readonly #diagnostics: Diagnostics;
  /** Number of events lost before the ongoing failure; undefined without one. */
  #lostBefore: number | undefined = undefined;
  /** Number of events that were dropped since the queue is full; undefined if it is not. */
  #droppedWhileFull: number | undefined = undefined;

  constructor(
    peer: Peer,
    host: string,
    isSpooled: boolean,
    counters: SignalCounters,
    diagnostics: Diagnostics,
  ) {
    this.#peer = peer;
    this.#name = `${peer} at ${host}`;
    this.#note = isSpooled ? STORE_NOTE : RETRY_NOTE;
    this.#counters = counters;
    this.#diagnostics = diagnostics;
  }

  /** Sentry accepted an event, and asked for a pause if `isLimited`. */
  accepted(isLimited: boolean): void {
    if (isLimited)
      this.#failed("limit", "asks for a pause; events are dropped and counted meanwhile");
    else this.#recovered();
  }

  /** @param events number of its events, which are already counted as dropped. */
  rejected(status: number, events: number): void {
    const text = `answers ${status}${dsnAdvice(this.#peer, status)}; such events are dropped and counted`;
    const key = `status.${status}`;
    if (!eventSpecificStatuses.has(status)) this.#failed(key, text, events);
    else this.#diagnostics.warn(`errors.${this.#peer}.${key}`, `${this.#name} ${text}`);
  }

  /** @param reason an error code or message. */
  unreachable(reason: string): void {
    this.#failed("network", `can't be reached (${excerpt(reason)}); ${this.#note}`);
  }

  unavailable(status: number): void {
    this.#failed("network", `answers ${status}; ${this.#note}`);
  }

  /** @param events number of events of the envelope that is dropped. */
  queueFull(events: number): void {
    this.#droppedWhileFull = (this.#droppedWhileFull ?? 0) + events;
    this.#diagnostics.warn(
      `errors.${this.#peer}.queue_full`,
      `the queue of ${this.#peer} events is full (${MAX_QUEUED} envelopes, ${MAX_QUEUED_BYTES / 1024 / 1024} MB); new ones are dropped and counted until it drains`,
    );
  }

  /** The queue is at most half full. */
  queueDrained(): void {
    if (this.#droppedWhileFull === undefined) return;
    this.#diagnostics.info(
      `errors.${this.#peer}.queue_drained`,
      `the queue of ${this.#peer} events drains again; ${this.#droppedWhileFull} were dropped`,
    );
    this.#droppedWhileFull = undefined;
  }

  /**
   * Logs a failure at process exit.
   *
   * @param reason an error code or message, or "answered 503 …".
   * @param events number of its events, which are already counted as dropped unless they are stored.
   */
  undelivered(reason: string, events: number, isStored: boolean): void {
    const [, status] = /^answered (.*)/.exec(reason) ?? [];
    const text =
      status === undefined
        ? `can't be reached (${excerpt(reason)})`
        : `answers ${excerpt(status.trim())}`;
    const note = isStored ? STORE_NOTE : "events are dropped and counted";
    this.#failed("network", `${text}; ${note}`, isStored ? 0 : events);
  }

  #failed(key: string, text: string, events = 0): void {
    if (this.#lostBefore !== undefined) return;
    this.#lostBefore = lostCount(this.#counters) - events;
    this.#diagnostics.warn(`errors.${this.#peer}.${key}`, `${this.#name} ${text}`);
  }

  #recovered(): void {
    if (this.#lostBefore === undefined) return;
    const lost = lostCount(this.#counters) - this.#lostBefore;
    this.#lostBefore = undefined;
    this.#diagnostics.info(
      `errors.${this.#peer}.again`,
      `${this.#name} takes events again; ${lost} were lost meanwhile`,
    );
  }
}

/** Returns what to check, if the status points to the DSN. */
function dsnAdvice(peer: Peer, status: number): string {
  return peer === "Sentry" && [401, 403, 404].includes(status) ? " (check SENTRY_DSN)" : "";
}

function lostCount({ dropped }: SignalCounters): number {
  return dropped.rejected + dropped.failed + dropped.queue_full;
}
