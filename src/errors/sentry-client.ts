import {
  type CheckIn,
  type DataCategory,
  type Envelope,
  type Event,
  type EventDropReason,
  type EventHint,
  isAlreadyCaptured,
  type MonitorConfig,
  type Scope,
  type SeverityLevel,
} from "@sentry/core";
import { ServerRuntimeClient, type ServerRuntimeClientOptions } from "@sentry/core/server";
import type { EventCounters } from "../diagnostics/telemetry-counters.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { UnsentTelemetry } from "../diagnostics/unsent-telemetry.ts";
import type { ExitRequest, ExitRequestFactory } from "../export/pipeline.ts";
import type { BreadcrumbKind } from "../config/config.ts";
import { processTrail } from "../context/breadcrumb-trail.ts";
import type { Redactor } from "../redaction/redactor.ts";
import { CaptureRegistry, clearCapturedMark } from "./capture-registry.ts";
import { checkInIdOf, createCheckIn, invalidCheckIn } from "./monitors/check-in.ts";
import type { EventLinks } from "./event-links.ts";
import {
  BACKPRESSURE,
  type CountedCategory,
  countedCategoryOf,
  EventLosses,
} from "./event-losses.ts";
import type { EventFilter } from "./filters/event-filter.ts";
import type { IgnoreRules } from "./filters/ignore-rules.ts";
import { redactEvent } from "./event-redaction.ts";
import type { RepeatedError, RepeatedErrors, Scopes } from "./filters/repeated-errors.ts";
import { fitEvent, MAX_EVENT_BYTES } from "./event-size.ts";
import type { ProcessContexts } from "./event-data/process-contexts.ts";
import {
  applyOrigin,
  isExportedAfterUnit,
  keepTrace,
  type CaptureOrigin,
  currentOrigin,
  removeGeneratedTrace,
  transactionOf,
} from "./capture-origin.ts";
import { breadcrumbsOf } from "./event-data/breadcrumbs.ts";
import { validEvent } from "./event-data/valid-event.ts";
import { type EventProcessing, processEvent } from "./filters/event-processing.ts";
import { LineDuplicates } from "./logged/line-duplicates.ts";
import {
  awaitsRoute,
  type EventCompletion,
  type PendingEvent,
  PendingEvents,
} from "./pending-events.ts";
import { messageText, readableCopy, readProperty, safeString } from "./readable-error.ts";
import { asyncContextStrategy } from "./scopes.ts";
import { tryRead } from "../try-read.ts";
import type { SpotlightCopy } from "./spotlight.ts";
import type { SessionAggregate } from "./sessions/request-sessions.ts";
import { recordSessionStatus } from "./sessions/session-status.ts";
import { DEADLINE_MS, type EnvelopeTransport } from "./transport/transport.ts";

export interface SentryClientDeps {
  readonly counters: EventCounters;
  readonly unsent?: UnsentTelemetry | undefined;
  readonly diagnostics: Diagnostics;
  readonly links: EventLinks;
  readonly redactor: Redactor;
  readonly ignored: IgnoreRules;
  readonly repeated: RepeatedErrors;
  /** The filter that the option `beforeSend` runs. */
  readonly filter?: EventFilter | undefined;
  readonly spotlight?: SpotlightCopy | undefined;
  /** Gets the envelopes, which are then not sent. */
  readonly onEnvelope?: ((envelope: readonly unknown[]) => void) | undefined;
  readonly contexts: ProcessContexts;
  /** What is read from disk for events. */
  readonly completions: readonly EventCompletion[];
  /** Removes and returns the counts of requests. */
  readonly takeSessions?: () => SessionAggregate[];
  readonly breadcrumbs: readonly BreadcrumbKind[];
}

/** A hint, with the other errors that are like that of its event. */
interface CountedHint extends EventHint {
  [REPEATED]?: RepeatedError | undefined;
}
const REPEATED: unique symbol = Symbol("telltale.repeated");

/**
 * Extends Sentry's client for servers: an event has its origin and waits for its route,
 * an error is captured once, no trace id is generated, the counters are exact, and no
 * method throws, since the app may call them through its own copy of Sentry.
 */
export class SentryClient extends ServerRuntimeClient {
  readonly #deps: SentryClientDeps;
  readonly #pendingEvents: PendingEvents;
  /** Replaces the flag that Sentry sets on errors, which fails on frozen objects and is permanent. */
  readonly #captures = new CaptureRegistry();
  readonly #lineDuplicates = new LineDuplicates();
  readonly #origins = new WeakMap<EventHint, CaptureOrigin>();
  /** The categories of the events that are counted as created, and are not yet dropped or pending. */
  readonly #processing = new Map<EventHint, CountedCategory>();
  readonly #losses: EventLosses;

  readonly #onEnvelope: SentryClientDeps["onEnvelope"];

  constructor(options: ServerRuntimeClientOptions, deps: SentryClientDeps) {
    super(options);
    this.#deps = deps;
    this.#losses = new EventLosses(deps.counters, {
      record: (...loss) => super.recordDroppedEvent(...loss),
      report: () => this._flushOutcomes(),
    });
    this.#pendingEvents = new PendingEvents(
      (pendingEvent) => this.#sendPendingEvent(pendingEvent),
      deps.completions,
    );
    this.#onEnvelope = deps.onEnvelope;
    deps.spotlight?.watch(this);
    // The first processor, as Sentry's own filter: after sampling and before `beforeSend`.
    this.addEventProcessor((event, hint) => (this.#isIgnored(event, hint) ? null : event));
  }

  /** The transport that the option `transport` has created. */
  get #transport(): EnvelopeTransport | undefined {
    return this.getTransport() as EnvelopeTransport | undefined;
  }

  override captureException(exception: unknown, hint?: EventHint, scope?: Scope): string {
    const { unit } = currentOrigin();
    recordSessionStatus(unit, hint);
    const place = { unit, source: hint?.mechanism?.type ?? "generic" };
    const knownId =
      this.#captures.eventIdOf(exception, place) ??
      this.#lineDuplicates.eventIdOf(exception, hint, unit);
    if (knownId !== undefined) return knownId;
    if (this.#captures.has(exception)) clearCapturedMark(exception as object);
    // Sentry's flag crosses threads: an error that ends a worker, and then the main thread, is
    // captured once.
    if (isAlreadyCaptured(exception)) return super.captureException(exception, hint, scope);
    const id = this.#deps.ignored.ignoresThrown(exception)
      ? this.#dropIgnored()
      : this.#captureUnlessRepeated(
          this.#deps.repeated.count(exception, hint, scopesOf(scope)),
          hint,
          (hint) => this.#captureNew(exception, hint, scope),
        );
    this.#captures.add(exception, place, id);
    this.#lineDuplicates.add(exception, hint, unit, id);
    return id;
  }

  /** Counts an ignored error as its event would be, which is sampled before. */
  #dropIgnored(): string {
    const { sampleRate = 1 } = this.getOptions();
    this.#deps.counters.created++;
    if (Math.random() > sampleRate) this.#losses.drop("unsampled", "sample_rate");
    else this.#losses.drop("filtered", "event_processor");
    return "";
  }

  /** Returns the id of the last event that was sent of an error, if there is to be no other. */
  #captureUnlessRepeated(
    repeated: RepeatedError | undefined,
    hint: EventHint | undefined,
    capture: (hint: EventHint | undefined) => string,
  ): string {
    if (repeated === undefined) return capture(hint);
    if (!repeated.isSuppressed) {
      const id = capture({ ...hint, [REPEATED]: repeated } as CountedHint);
      repeated.eventId ??= id;
      return id;
    }
    this.#deps.counters.created++;
    this.#losses.drop("repeated", BACKPRESSURE);
    asyncContextStrategy.getIsolationScope().setLastEventId(repeated.eventId);
    return repeated.eventId ?? "";
  }

  #captureNew(exception: unknown, hint: EventHint | undefined, scope: Scope | undefined): string {
    try {
      return super.captureException(exception, hint, scope);
    } catch {
      return this.#captureReadableCopy(exception, hint, scope);
    }
  }

  /** Captures a copy of an error that cannot be read, for instance because a getter throws. */
  #captureReadableCopy(
    exception: unknown,
    hint: EventHint | undefined,
    scope: Scope | undefined,
  ): string {
    try {
      const copy = readableCopy(exception);
      return super.captureException(copy, { ...hint, originalException: copy }, scope);
    } catch (error) {
      return this.#countUnreadable(error);
    }
  }

  override captureMessage(
    message: string,
    level?: SeverityLevel,
    hint?: EventHint,
    scope?: Scope,
  ): string {
    const text = messageText(message);
    try {
      return this.#captureUnlessRepeated(
        this.#deps.repeated.countMessage(text, hint, scopesOf(scope)),
        hint,
        (hint) => super.captureMessage(text, level, hint, scope),
      );
    } catch (error) {
      return this.#countUnreadable(error);
    }
  }

  override captureEvent(event: Event, hint?: EventHint, scope?: Scope): string {
    try {
      if (event.type === undefined && event.exception !== undefined)
        recordSessionStatus(currentOrigin().unit, hint);
      return super.captureEvent(event, hint, scope);
    } catch (error) {
      const isFeedback = (Object(event) as Event).type === "feedback";
      return this.#countUnreadable(error, isFeedback ? "feedback" : "error");
    }
  }

  /** Sends a check-in at once, with the ids of the active span. Returns its id in any case. */
  override captureCheckIn(checkIn: CheckIn, monitorConfig?: MonitorConfig): string {
    const id = checkInIdOf(checkIn);
    const { counters, diagnostics, unsent } = this.#deps;
    const issue = invalidCheckIn(checkIn);
    if (issue !== undefined) {
      diagnostics.warn("errors.check-in", `${issue}; the check-in is not sent`);
      return id;
    }
    counters.created++;
    unsent?.mark();
    if (this.#transport?.isLimited("monitor") === true) {
      this.#losses.drop("rejected", "ratelimit_backoff", "monitor");
      return id;
    }
    try {
      const origin = currentOrigin();
      const envelope = createCheckIn(id, checkIn, monitorConfig, origin, this.getOptions());
      keepTrace(origin, "forced");
      void this.sendEnvelope(envelope);
    } catch (error) {
      this.#losses.drop("failed", "internal_sdk_error", "monitor");
      this.#logFailure(error);
    }
    return id;
  }

  /** Called by the client for every finished event, after sampling and filters. */
  override sendEvent(event: Event, hint: EventHint = {}): void {
    const origin = this.#origins.get(hint);
    const category = countedCategoryOf(event);
    if (category === undefined || origin === undefined) {
      // Without an origin, the app has called this method.
      if (category !== undefined) this.#deps.counters.created++;
      super.sendEvent(event, hint);
      return;
    }
    if (!this.#processing.delete(hint)) return;
    if (this.#transport?.isLimited(category) === true) {
      this.#losses.dropPrepared(hint, "rejected", "ratelimit_backoff", category);
      return;
    }
    try {
      if (category === "error") this.#addPendingEvent(event, hint, origin);
      else this.#sendFeedback(event, hint, origin);
    } catch (error) {
      this.#losses.dropPrepared(hint, "failed", "internal_sdk_error", category);
      this.#logFailure(error);
    }
  }

  #addPendingEvent(event: Event, hint: EventHint, origin: CaptureOrigin): void {
    const { [REPEATED]: repeated }: CountedHint = hint;
    const suppressed = repeated?.takeSuppressed();
    if (suppressed !== undefined) event.contexts = { ...event.contexts, repeated: suppressed };
    if (repeated !== undefined) repeated.eventId = event.event_id;
    const pendingEvent = { event: fitEvent(event, MAX_EVENT_BYTES), hint, origin };
    const mayBeIgnored = this.#deps.ignored.hasTransactions && awaitsRoute(event, origin);
    if (!mayBeIgnored) this.#link(pendingEvent);
    this.#pendingEvents.add({ ...pendingEvent, mayBeIgnored });
  }

  /** Keeps the trace of an event that is certain to be sent, and links both. */
  #link({ event, origin }: Pick<PendingEvent, "event" | "origin">): void {
    // Before the trace is kept: that exports a span that has ended.
    this.#deps.links.recordEvent(event, origin);
    keepTrace(origin);
    this.#addTraceLink(event, origin);
  }

  #isIgnored(event: Event, hint: EventHint): boolean {
    if (countedCategoryOf(event) !== "error") return false;
    const { ignored } = this.#deps;
    const transaction = transactionOf(event, this.#origins.get(hint) ?? currentOrigin());
    return ignored.ignoresError(event, hint) || ignored.ignoresTransaction(transaction);
  }

  /** Sends feedback without waiting for a route: it is about another event than that of its request. */
  #sendFeedback(event: Event, hint: EventHint, origin: CaptureOrigin): void {
    keepTrace(origin, "forced");
    const fitted = fitEvent(event, MAX_EVENT_BYTES);
    this.#addTraceLink(fitted, origin);
    super.sendEvent(validEvent(redactEvent(fitted, this.#deps.redactor)), hint);
  }

  /** Links an event, after it was truncated, because a truncated address leads nowhere. */
  #addTraceLink(event: Event, origin: CaptureOrigin): void {
    const { links, counters } = this.#deps;
    const coverage = links.addTraceLink(event, origin);
    if (coverage !== undefined) counters.traces[coverage]++;
  }

  override recordDroppedEvent(reason: EventDropReason, category: DataCategory, count = 1): void {
    if (reason === "callback_error") {
      this.#deps.diagnostics.warn(
        "errors.filter",
        "a Sentry filter of the app threw; its event is dropped",
      );
    }
    this.#losses.recordDropped(reason, category, count);
  }

  /** Sends an envelope, or counts it as lost if a hook of the app throws. Never rejects. */
  override async sendEnvelope(
    envelope: Envelope,
  ): Promise<Awaited<ReturnType<ServerRuntimeClient["sendEnvelope"]>>> {
    try {
      if (this.#onEnvelope !== undefined) {
        this.#onEnvelope(envelope);
        return {};
      }
      return await super.sendEnvelope(envelope);
    } catch (error) {
      this.#transport?.discard(envelope);
      this.#logFailure(error);
      return {};
    }
  }

  /** Records a lost item that is already counted, for the next client report. */
  recordLoss(reason: EventDropReason, category: DataCategory, quantity: number): void {
    this.#losses.record(reason, category, quantity);
  }

  /**
   * Also called by the app's `Sentry.flush()`. Never rejects. Waits for asynchronous
   * filters of the app first.
   */
  override async flush(timeout?: number): Promise<boolean> {
    const deadline = performance.now() + flushLimitOf(timeout);
    this.sendSessions();
    this.#sendAllPending();
    while (this.#processing.size > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.#sendAllPending();
    }
    this.#losses.report();
    const remainingMs = Math.max(1, deadline - performance.now());
    const isSent = (await this.#transport?.flush(remainingMs)) ?? true;
    return isSent && this.#processing.size === 0;
  }

  /** Flushes only: an app that closes Sentry before it ends must not lose later events. */
  override close(timeout?: number): Promise<boolean> {
    return this.flush(timeout);
  }

  /** Sends the counts of requests, if there are any. Never throws. */
  sendSessions(): void {
    const aggregates = this.#deps.takeSessions?.() ?? [];
    if (aggregates.length === 0) return;
    try {
      this.sendSession({ aggregates });
    } catch (error) {
      this.recordLoss("internal_sdk_error", "session", 1);
      this.#logFailure(error);
    }
  }

  /**
   * Removes and returns everything that has not reached the network. The last request is
   * the client report, with what the others have displaced on disk.
   */
  drainForExit(): ExitRequestFactory[] {
    this.#finishProcessing();
    this.sendSessions();
    this.#sendAllPending();
    const requests = this.#transport?.drain() ?? [];
    const copies = this.#deps.spotlight?.drainForExit() ?? [];
    const mayReport = requests.length > 0 || this.#losses.isReportDue;
    return [...requests, ...copies, ...(mayReport ? [() => this.#createExitReport()] : [])];
  }

  #createExitReport(): ExitRequest | undefined {
    this.#losses.report();
    const [report] = this.#transport?.drain() ?? [];
    return report?.();
  }

  protected override _captureEvent(
    event: Event,
    hint: EventHint = {},
    currentScope?: Scope,
    isolationScope?: Scope,
  ): PromiseLike<string | undefined> {
    const category = countedCategoryOf(event);
    if (category === undefined)
      return super._captureEvent(event, hint, currentScope, isolationScope);
    this.#deps.counters.created++;
    this.#deps.unsent?.mark();
    this.#processing.set(hint, category);
    const processing: EventProcessing = { dropReason: undefined };
    const onDropped = (): void => {
      if (!this.#processing.delete(hint)) return;
      // The next one that is like it may be sent.
      (hint as CountedHint)[REPEATED]?.release();
      this.#losses.dropProcessed(processing, category);
    };
    try {
      const captured = processEvent(processing, () =>
        super._captureEvent(event, hint, currentScope, isolationScope),
      ).then((id) => {
        if (id === undefined) onDropped();
        return id;
      });
      if (category === "error" && this.#processing.has(hint)) this.#linkBeforeEnd(event, hint);
      return captured;
    } catch (error) {
      // For instance, a function that changes the scope of this event throws.
      onDropped();
      this.#logFailure(error);
      return Promise.resolve(undefined);
    }
  }

  /**
   * Links an event that is in an asynchronous filter to its span, as late as possible: if
   * the filter drops the event after that, the span has the id of no event.
   */
  #linkBeforeEnd(event: Event, hint: EventHint): void {
    const origin = currentOrigin();
    const record = (): void => {
      if (this.#processing.has(hint)) this.#deps.links.recordEvent(event, origin, hint.event_id);
    };
    if (isExportedAfterUnit(origin)) origin.unit?.onEnded(record);
    else record();
  }

  protected override _prepareEvent(
    event: Event,
    hint: EventHint,
    currentScope: Scope,
    isolationScope: Scope,
  ): PromiseLike<Event | null> {
    const origin = currentOrigin();
    this.#origins.set(hint, origin);
    event.contexts = { ...this.#deps.contexts.current(), ...event.contexts };
    applyOrigin(event, origin);
    // Errors and messages.
    if (event.type === undefined)
      event.breadcrumbs = breadcrumbsOf(origin.ids ?? processTrail, this.#deps.breadcrumbs);
    const hasTrace = event.contexts?.trace !== undefined;
    return this.#prepareReadable(event, hint, currentScope, isolationScope).then((prepared) => {
      if (prepared !== null && countedCategoryOf(prepared) !== undefined)
        removeGeneratedTrace(prepared, hasTrace);
      return prepared;
    });
  }

  /** Prepares the event, with a readable copy of the error if one of its causes cannot be read. */
  #prepareReadable(
    ...args: Parameters<ServerRuntimeClient["_prepareEvent"]>
  ): PromiseLike<Event | null> {
    const [event, hint] = args;
    for (const exception of event.exception?.values ?? []) {
      if (exception.value !== undefined) exception.value = safeString(exception.value);
      if (exception.type !== undefined) exception.type = safeString(exception.type);
    }
    try {
      return super._prepareEvent(...args);
    } catch {
      hint.originalException = readableCopy(hint.originalException);
    }
    try {
      return super._prepareEvent(...args);
    } catch (error) {
      // A function may be there to remove data. What else the caller adds can't be read.
      if (typeof hint.captureContext === "function") throw error;
      delete hint.captureContext;
      return super._prepareEvent(...args);
    }
  }

  #sendPendingEvent(pendingEvent: PendingEvent): void {
    const { event, hint, mayBeIgnored } = pendingEvent;
    try {
      if (mayBeIgnored && this.#deps.ignored.ignoresTransaction(event.transaction)) {
        this.#losses.drop("filtered", "event_processor");
        return;
      }
      if (mayBeIgnored) this.#link(pendingEvent);
      const valid = validEvent(redactEvent(event, this.#deps.redactor));
      this.#sendWithAttachments(valid, hint);
    } catch (error) {
      this.#losses.dropPrepared(hint, "failed", "internal_sdk_error", "error");
      this.#logFailure(error);
    }
  }

  #sendWithAttachments(event: Event, hint: EventHint): void {
    try {
      super.sendEvent(event, hint);
    } catch (error) {
      if (hint.attachments === undefined) throw error;
      // Thrown before anything is sent.
      const reason = safeString(readProperty(error, "message"));
      this.#deps.diagnostics.warn(
        "errors.attachment",
        `an attachment can't be read (${reason}); its event is sent without attachments`,
      );
      super.sendEvent(event, { ...hint, attachments: [] });
    }
  }

  /**
   * Finishes events that are still in an asynchronous filter of the app, which may be
   * there to remove secrets. In the filter of `TELLTALE_BEFORE_SEND` they are sent in their
   * minimal form, in any other they are dropped. Synchronous filters have run when
   * `captureException` returns.
   */
  #finishProcessing(): void {
    for (const hint of this.#processing.keys()) {
      const event = this.#deps.filter?.interrupt(hint);
      if (event !== undefined) this.sendEvent(event, hint);
    }
    const { size } = this.#processing;
    if (size === 0) return;
    for (const category of this.#processing.values())
      this.#losses.drop("shutdown", "event_processor", category);
    this.#processing.clear();
    this.#deps.diagnostics.warn(
      "errors.processing",
      `${size} events were in asynchronous filters of the app at process exit; they are dropped`,
    );
  }

  /** Creates the envelopes of everything that is pending: events, and logs of the app's own Sentry. */
  #sendAllPending(): void {
    try {
      this.emit("flush");
    } catch (error) {
      this.#logFailure(error);
    }
    try {
      this.#pendingEvents.sendAllNow();
    } catch (error) {
      this.#logFailure(error);
    }
  }

  /** Counts an error that cannot be read as failed. */
  #countUnreadable(error: unknown, category: DataCategory = "error"): string {
    this.#deps.counters.created++;
    this.#losses.drop("failed", "internal_sdk_error", category);
    this.#logFailure(error);
    return "";
  }

  #logFailure(error: unknown): void {
    const reason = tryRead(() => String(error)) ?? "it can't be read";
    this.#deps.diagnostics.warn("errors.event", `an event could not be created: ${reason}`);
  }
}

/**
 * Returns the current scope and the isolation scope; not by Sentry's function, which looks
 * for its strategy on the global object each time, through the proxy of `watchCarriers`.
 */
function scopesOf(scope: Scope | undefined): Scopes {
  return [scope, asyncContextStrategy.getIsolationScope()];
}

/** Returns a valid time limit in milliseconds. As in Sentry, 0 is none, which here is that of the requests. */
function flushLimitOf(timeout: number | undefined): number {
  if (typeof timeout !== "number" || !(timeout > 0)) return DEADLINE_MS;
  return Math.min(timeout, MAX_TIMER_MS);
}

/** Maximum delay of Node's timers. */
const MAX_TIMER_MS = 2 ** 31 - 1;
