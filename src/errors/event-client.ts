import {
  type DataCategory,
  type Event,
  type EventDropReason,
  type EventHint,
  isAlreadyCaptured,
  type Scope,
  type SeverityLevel,
} from "@sentry/core";
import { ServerRuntimeClient, type ServerRuntimeClientOptions } from "@sentry/core/server";
import type { Account, DropReason } from "../diagnostics/account.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { PendingRequest } from "../export/exit.ts";
import { Captured } from "./captured.ts";
import { fitEvent, MAX_EVENT_BYTES } from "./event-size.ts";
import { nodeContexts } from "./node-context.ts";
import { describe, keepTrace, type Origin, originNow } from "./origin.ts";
import { type Draft, Outbox } from "./outbox.ts";
import { readableCopy, textOf } from "./readable.ts";
import type { EnvelopeTransport } from "./transport.ts";

/** How long a client report may wait for others, in milliseconds. */
const REPORT_AFTER_MS = 60_000;

export interface EventClientParts {
  readonly account: Account;
  readonly unsent?: Unsent | undefined;
  readonly diagnostics: Diagnostics;
}

/** What the client's own filters call a loss, and what our books call it. */
const dropReasons: Partial<Record<EventDropReason, DropReason>> = {
  sample_rate: "unsampled",
  before_send: "filtered",
  event_processor: "filtered",
  callback_error: "filtered",
  ratelimit_backoff: "rejected",
  queue_overflow: "queue_full",
};

/**
 * Sentry's client for servers, with what this house asks of it: an event says
 * where it comes from and waits for its route; the same error is one event; no
 * trace is invented; the books are exact; and nothing is thrown at the app,
 * which may call it through its own copy of Sentry.
 */
export class EventClient extends ServerRuntimeClient {
  readonly #parts: EventClientParts;
  readonly #outbox: Outbox;
  /** Sentry's own mark fails on frozen objects, and is for good. */
  readonly #captured = new Captured();
  readonly #origins = new WeakMap<EventHint, Origin>();
  /** Counted as made, and not yet dropped or handed to the outbox. */
  readonly #processing = new Set<EventHint>();
  #lastLoss: EventDropReason | undefined = undefined;
  #reportTimer: NodeJS.Timeout | undefined = undefined;

  constructor(options: ServerRuntimeClientOptions, parts: EventClientParts) {
    super(options);
    this.#parts = parts;
    const withSourceLines = this.getDataCollectionOptions().frameContextLines > 0;
    this.#outbox = new Outbox((draft) => this.#sendDraft(draft), withSourceLines);
  }

  /** The transport as it was made by the options' `transport`. */
  get #transport(): EnvelopeTransport | undefined {
    return this.getTransport() as EnvelopeTransport | undefined;
  }

  override captureException(exception: unknown, hint?: EventHint, scope?: Scope): string {
    const { holder } = originNow();
    const known = this.#captured.idOf(exception, holder);
    if (known !== undefined) return known;
    if (this.#captured.has(exception)) unmark(exception as object);
    // Sentry's own mark crosses threads: what a worker dies of is not captured again where the
    // main thread dies of it.
    const isNew = !isAlreadyCaptured(exception);
    try {
      const id = super.captureException(exception, hint, scope);
      if (isNew) this.#captured.add(exception, holder, id);
      return id;
    } catch {
      const id = this.#captureCopy(exception, hint, scope);
      this.#captured.add(exception, holder, id);
      return id;
    }
  }

  /** An error whose own getters throw, and the like, is still one. */
  #captureCopy(exception: unknown, hint: EventHint | undefined, scope: Scope | undefined): string {
    try {
      const copy = readableCopy(exception);
      return super.captureException(copy, { ...hint, originalException: copy }, scope);
    } catch (fault) {
      return this.#unreadable(fault);
    }
  }

  override captureMessage(
    message: string,
    level?: SeverityLevel,
    hint?: EventHint,
    scope?: Scope,
  ): string {
    try {
      return super.captureMessage(message, level, hint, scope);
    } catch (fault) {
      return this.#unreadable(fault);
    }
  }

  override captureEvent(event: Event, hint?: EventHint, scope?: Scope): string {
    try {
      return super.captureEvent(event, hint, scope);
    } catch (fault) {
      return this.#unreadable(fault);
    }
  }

  /** Called by the client for every event that is ready, after sampling and filters. */
  override sendEvent(event: Event, hint: EventHint = {}): void {
    const origin = this.#origins.get(hint);
    if (!isError(event) || origin === undefined) {
      super.sendEvent(event, hint);
      return;
    }
    if (!this.#processing.delete(hint)) return;
    if (this.#transport?.isLimited("error") === true) {
      this.lose("ratelimit_backoff", "error");
      return;
    }
    keepTrace(origin);
    try {
      this.#outbox.add({ event: fitEvent(event, MAX_EVENT_BYTES), hint, origin });
    } catch (fault) {
      this.#parts.account.drop("failed", 1);
      this.#complain(fault);
    }
  }

  override recordDroppedEvent(reason: EventDropReason, category: DataCategory, count = 1): void {
    this.#lastLoss = reason;
    if (reason === "callback_error") {
      this.#parts.diagnostics.warn(
        "errors.filter",
        "a filter of the app's threw; its event is dropped.",
      );
    }
    if (reason === "queue_overflow") {
      // Too many events in asynchronous processors of the app's: this one never got in.
      this.#parts.account.made += count;
      this.#parts.account.drop("queue_full", count);
    }
    this.#report(reason, category, count);
  }

  /** For the transport: an item was dropped that was counted as made. */
  lose(reason: EventDropReason, category: DataCategory, count = 1): void {
    const dropped = reason === "ratelimit_backoff" || reason === "queue_overflow";
    if (dropped && category === "error") {
      this.#parts.account.drop(dropReasons[reason] ?? "failed", count);
    }
    this.#report(reason, category, count);
  }

  /** Also what an app's `Sentry.flush()` comes to. Never rejects. */
  override async flush(timeout?: number): Promise<boolean> {
    this.#settle();
    return (await this.#transport?.flush(timeout)) ?? true;
  }

  /** An app that closes Sentry before it ends must not lose what comes after. */
  override close(timeout?: number): Promise<boolean> {
    return this.flush(timeout);
  }

  /** All that has not reached the network. */
  pending(): PendingRequest[] {
    this.#giveUp();
    this.#settle();
    return this.#transport?.take() ?? [];
  }

  protected override _captureEvent(
    event: Event,
    hint: EventHint = {},
    currentScope?: Scope,
    isolationScope?: Scope,
  ): PromiseLike<string | undefined> {
    if (!isError(event)) return super._captureEvent(event, hint, currentScope, isolationScope);
    this.#parts.account.made++;
    this.#parts.unsent?.note();
    this.#processing.add(hint);
    this.#lastLoss = undefined;
    return super._captureEvent(event, hint, currentScope, isolationScope).then((id) => {
      if (id === undefined && this.#processing.delete(hint)) this.#countLoss();
      return id;
    });
  }

  protected override _prepareEvent(
    event: Event,
    hint: EventHint,
    currentScope: Scope,
    isolationScope: Scope,
  ): PromiseLike<Event | null> {
    const origin = originNow();
    this.#origins.set(hint, origin);
    event.contexts = { ...nodeContexts, ...event.contexts };
    describe(event, origin, [currentScope, isolationScope]);
    const traced = event.contexts?.trace !== undefined;
    return this.#prepare(event, hint, currentScope, isolationScope).then((prepared) => {
      if (prepared !== null && isError(prepared)) forgetInvented(prepared, traced);
      return prepared;
    });
  }

  /** Causes are read as late as here. */
  #prepare(...args: Parameters<ServerRuntimeClient["_prepareEvent"]>): PromiseLike<Event | null> {
    const [event, hint] = args;
    for (const exception of event.exception?.values ?? []) {
      if (exception.value !== undefined) exception.value = textOf(exception.value);
      if (exception.type !== undefined) exception.type = textOf(exception.type);
    }
    try {
      return super._prepareEvent(...args);
    } catch {
      hint.originalException = readableCopy(hint.originalException);
      return super._prepareEvent(...args);
    }
  }

  #sendDraft({ event, hint }: Draft): void {
    try {
      super.sendEvent(event, hint);
    } catch (fault) {
      this.#parts.account.drop("failed", 1);
      this.#complain(fault);
    }
  }

  /**
   * What is still in an asynchronous filter of the app's is not sent: the filter
   * may be there to take secrets out. All filters that are synchronous are
   * through when `captureException` returns.
   */
  #giveUp(): void {
    const { size } = this.#processing;
    if (size === 0) return;
    this.#processing.clear();
    this.#parts.account.drop("shutdown", size);
    this.#parts.diagnostics.warn(
      "errors.processing",
      `${size} events were in asynchronous filters of the app's at its end; they are dropped.`,
    );
  }

  /** Makes envelopes of all that waits: events, logs of an app's own Sentry, reports. */
  #settle(): void {
    try {
      this.emit("flush");
      this.#outbox.sendNow();
      this.#sendReport();
    } catch (fault) {
      this.#complain(fault);
    }
  }

  #report(reason: EventDropReason, category: DataCategory, count: number): void {
    super.recordDroppedEvent(reason, category, count);
    this.#reportTimer ??= setTimeout(() => this.#sendReport(), REPORT_AFTER_MS).unref();
  }

  #sendReport(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    this._flushOutcomes();
  }

  #countLoss(): void {
    const reason = this.#lastLoss === undefined ? undefined : dropReasons[this.#lastLoss];
    this.#parts.account.drop(reason ?? "failed", 1);
  }

  /** An error whose own getters throw, and the like. */
  #unreadable(fault: unknown): string {
    this.#parts.account.made++;
    this.#parts.account.drop("failed", 1);
    this.#complain(fault);
    return "";
  }

  #complain(fault: unknown): void {
    this.#parts.diagnostics.warn("errors.event", `an event could not be made: ${String(fault)}`);
  }
}

function isError(event: Event): boolean {
  return event.type === undefined;
}

/** For an error of ours that fails another unit of work, which is another event. */
function unmark(exception: object): void {
  try {
    Reflect.deleteProperty(exception, "__sentry_captured__");
  } catch {
    // A proxy's trap: it has no mark, either.
  }
}

/**
 * Without an active span the client makes up a trace id, which no backend has;
 * and its sampling context is about Sentry's own traces, of which there are none.
 */
function forgetInvented(event: Event, traced: boolean): void {
  if (!traced) delete event.contexts?.trace;
  delete event.sdkProcessingMetadata?.dynamicSamplingContext;
}
