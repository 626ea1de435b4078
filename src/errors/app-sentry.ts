import { type Context as ApiContext, type Span, trace, TraceFlags } from "@opentelemetry/api";
import type { ErrorsConfig } from "../config/config.ts";
import { SPAN_KEY } from "../context/context.ts";
import { idSlotIn } from "../context/unit-access.ts";
import { activeContext, activeOrUpcomingSpan, runSuppressed } from "../context/manager.ts";
import type { ApiImplementations } from "../register-api.ts";
import type { AppSentryClient, SentryCarrier } from "./sentry-carrier.ts";
import type { ErrorsDeps, SentryBinding } from "./api.ts";
import type { CaptureContext, Scope } from "../api.ts";
import {
  keepTrace,
  type CaptureOrigin,
  currentOrigin,
  propagationContextOf,
} from "./capture-origin.ts";
import { addFrameworkUser } from "./event-data/framework-user.ts";
import { EventLinks, type LinkableEvent } from "./event-links.ts";
import { captureFeedback } from "./feedback.ts";
import { runMonitored } from "./monitors/with-monitor.ts";
import { forwardLastEventId } from "./last-event-id.ts";

/**
 * Binds to the app's own Sentry: captures go through its client, its scopes and its
 * filters.
 */
export function createAppBinding(carrier: SentryCarrier): SentryBinding {
  const currentScope = (): AppScope => currentScopeOf(carrier);
  const withIsolationScope: SentryBinding["withIsolationScope"] = (work) =>
    runIsolated(carrier, work);
  const captureCheckIn: SentryBinding["captureCheckIn"] = (checkIn, config) => {
    const scope = currentScope();
    return scope.getClient()?.captureCheckIn?.(checkIn, config, scope);
  };
  return {
    captureException: (error, context) => currentScope().captureException(error, hintOf(context)),
    captureMessage: (message, context) =>
      typeof context === "string"
        ? currentScope().captureMessage(message, context)
        : currentScope().captureMessage(message, undefined, hintOf(context)),
    isolationScope: () => isolationScopeOf(carrier),
    withScope(work) {
      const outer = isolationScopeOf(carrier);
      return runIsolated(carrier, (inner) => {
        if (inner !== outer) forwardLastEventId(inner, outer);
        return work(currentScope());
      });
    },
    withIsolationScope,
    captureFeedback: (feedback, hint) =>
      captureFeedback(currentScope(), feedback, hint) || undefined,
    captureCheckIn,
    withMonitor: (slug, work, config) =>
      runMonitored({ captureCheckIn, withIsolationScope }, slug, work, config),
    flush: (timeoutMs) => currentScope().getClient()?.flush?.(timeoutMs) ?? Promise.resolve(false),
  };
}

function hintOf(captureContext: CaptureContext | undefined): object {
  return captureContext === undefined ? {} : { captureContext };
}

/** Describes in one line what is delegated to an app that sets up Sentry itself; empty if nothing is. */
export function delegationNotice(
  client: Pick<AppSentryClient, "getDsn" | "getOptions">,
  config: ErrorsConfig,
  hasApi: boolean,
): string {
  const isDelegated = client.getDsn?.() !== undefined;
  return [
    ...(isDelegated ? errorsNotice(client, config) : []),
    ...(hasApi ? [SPANS_DELEGATED] : []),
  ].join(" ");
}

function errorsNotice(client: Pick<AppSentryClient, "getOptions">, config: ErrorsConfig): string[] {
  if (client.getOptions?.().enabled === false) return [ERRORS_DISABLED];
  const filters = filterVariables(config);
  if (filters.length === 0) return [ERRORS_DELEGATED];
  return [ERRORS_DELEGATED, `They do not pass ${filters.join(" and ")}.`];
}

/** Returns the names of the filters that are set, and which an app may rely on. */
function filterVariables(config: ErrorsConfig): string[] {
  return [
    ...(config.beforeSend !== undefined ? ["TELLTALE_BEFORE_SEND"] : []),
    ...(config.ignoreErrors.length > 0 ? ["TELLTALE_IGNORE_ERRORS"] : []),
    ...(config.ignoreTransactions.length > 0 ? ["TELLTALE_IGNORE_TRANSACTIONS"] : []),
  ];
}

const ERRORS_DELEGATED =
  "the app calls Sentry.init itself: its client sends the errors, also those of telltale's functions.";
const ERRORS_DISABLED =
  "the app calls Sentry.init itself, with enabled: false: no errors are sent.";
const SPANS_DELEGATED =
  "The app's Sentry has the OpenTelemetry API: spans that the app makes by it go to Sentry, not over OTLP.";

/** A scope of Sentry 8 to 11. */
interface AppScope extends Scope {
  readonly refs?: { readonly span?: unknown };
  captureException(error: unknown, hint: object): string;
  captureMessage(message: string, level?: string, hint?: object): string;
  captureEvent(event: object, hint: object): string;
  setLastEventId(id: string | undefined): void;
  getClient(): AppSentryClient | undefined;
}

/** The strategy that an SDK sets by `setAsyncContextStrategy`; an app with `@sentry/core` alone may have none. */
interface AppContextStrategy {
  getCurrentScope?(): AppScope;
  getIsolationScope?(): AppScope;
  withIsolationScope?<R>(work: (isolationScope: AppScope) => R): R;
  getActiveSpan?(): unknown;
}

function strategyOf({ acs }: SentryCarrier): AppContextStrategy | undefined {
  return acs as AppContextStrategy | undefined;
}

/** The scopes of an app without a strategy, which belong to the process. */
interface AppScopeStack {
  getScope(): AppScope;
  getIsolationScope(): AppScope;
  withScope<R>(work: () => R): R;
}

function stackOf({ stack }: SentryCarrier): AppScopeStack | undefined {
  return stack as AppScopeStack | undefined;
}

function currentScopeOf(carrier: SentryCarrier): AppScope {
  return (
    strategyOf(carrier)?.getCurrentScope?.() ??
    stackOf(carrier)?.getScope() ??
    (carrier["defaultCurrentScope"] as AppScope)
  );
}

function isolationScopeOf(carrier: SentryCarrier): AppScope {
  return (
    strategyOf(carrier)?.getIsolationScope?.() ??
    stackOf(carrier)?.getIsolationScope() ??
    (carrier["defaultIsolationScope"] as AppScope)
  );
}

/** Runs `work` in an isolation scope. Without a strategy only the current scope is new, as in Sentry. */
function runIsolated<R>(carrier: SentryCarrier, work: (isolationScope: AppScope) => R): R {
  const strategy = strategyOf(carrier);
  if (strategy?.withIsolationScope !== undefined) return strategy.withIsolationScope(work);
  const run = (): R => work(isolationScopeOf(carrier));
  const stack = stackOf(carrier);
  return stack === undefined ? run() : stack.withScope(run);
}

/** The used part of an event of the app. */
interface AppEvent extends LinkableEvent {
  readonly type?: string;
  sdkProcessingMetadata?: Record<string, unknown>;
}

interface AppEventHint {
  readonly event_id?: string;
}

/**
 * Links the app's events and traces to telltale's: sets the ids of telltale's trace
 * where an event has none, keeps the trace of an event that is sent, and creates no
 * spans for the requests to Sentry.
 */
export function linkTraces(
  client: AppSentryClient,
  carrier: SentryCarrier,
  deps: Pick<ErrorsDeps, "config" | "resource">,
): void {
  const links = new EventLinks(deps);
  // Set by telltale's client in Sentry 11. With it Sentry would send none of its own headers.
  delete carrier["externalPropagationContextProvider"];
  const origins = new WeakMap<object, CaptureOrigin>();
  client.on?.("preprocessEvent", (event: AppEvent, hint: AppEventHint | undefined) => {
    if (event.type !== undefined && event.type !== "feedback") return;
    const origin = currentOrigin();
    if (hint !== undefined) origins.set(hint, origin);
    // Before the filters: most are asynchronous, and the span may end before they do.
    if (event.type === undefined)
      links.recordEvent(event, origin, event.event_id ?? hint?.event_id);
    if (!hasSentrySpan(carrier)) setTraceContext(event, client);
  });
  client.on?.("beforeSendEvent", (event: AppEvent, hint: object | undefined) => {
    const origin = hint === undefined ? undefined : origins.get(hint);
    if (origin === undefined) return;
    keepTrace(origin, event.type === undefined ? "error_captured" : "forced");
    links.addTraceLink(event, origin);
  });
  client.on?.("beforeEnvelope", (envelope: AppEnvelope) => linkCheckIns(envelope, client, carrier));
  // After the scopes of the app, which may have a user.
  client.addEventProcessor?.((event) => {
    addFrameworkUser(event, idSlotIn(activeContext()));
    return event;
  });
  client.on?.("prepareSpanScope", continueOwnTrace);
  const transport = client.getTransport?.();
  if (transport === undefined) return;
  const send = transport.send.bind(transport);
  transport.send = (envelope) => runSuppressed(() => send(envelope));
}

/** An envelope with its headers and items, which have headers too. */
type AppEnvelope = readonly [
  headers: { trace?: unknown },
  items: readonly (readonly [headers: { readonly type?: string }, payload: AppCheckIn])[],
];

interface AppCheckIn {
  contexts?: Record<string, object>;
}

/** Sets telltale's trace on check-ins, and keeps it. */
function linkCheckIns(
  [headers, items]: AppEnvelope,
  client: AppSentryClient,
  carrier: SentryCarrier,
): void {
  const checkIns = items.filter(([{ type }]) => type === "check_in");
  if (checkIns.length === 0 || hasSentrySpan(carrier)) return;
  const ids = propagationContextOf(activeOrUpcomingSpan());
  if (ids === undefined) return;
  for (const [, checkIn] of checkIns) checkIn.contexts = { trace: traceContext(ids) };
  headers.trace = samplingContext(ids, client);
  keepTrace(currentOrigin(), "forced");
}

/**
 * Whether the event belongs to a span that Sentry records, or to a remote trace that
 * Sentry continues. The strategy returns the span in 8 to 10, the scope refers to it in
 * 11.
 */
function hasSentrySpan(carrier: SentryCarrier): boolean {
  const strategy = strategyOf(carrier);
  const found = strategy?.getActiveSpan?.() ?? strategy?.getCurrentScope?.().refs?.span;
  const span = deref(found) as Span | undefined;
  return span?.isRecording() === true || span?.spanContext().isRemote === true;
}

/** Returns the span that Sentry 11 refers to weakly. */
function deref(span: unknown): unknown {
  return span instanceof WeakRef ? span.deref() : span;
}

/** Sets telltale's trace on the event and the header of its envelope. */
function setTraceContext(event: AppEvent, client: AppSentryClient): void {
  const ids = propagationContextOf(activeOrUpcomingSpan());
  if (ids === undefined || event.contexts?.["trace"] !== undefined) return;
  event.contexts = { ...event.contexts, trace: traceContext(ids) };
  event.sdkProcessingMetadata = {
    ...event.sdkProcessingMetadata,
    dynamicSamplingContext: samplingContext(ids, client),
  };
}

interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

function traceContext({ traceId, spanId }: SpanIds): Record<string, string> {
  return { trace_id: traceId, span_id: spanId };
}

function samplingContext({ traceId }: SpanIds, client: AppSentryClient): object {
  return { trace_id: traceId, public_key: client.getDsn?.()?.publicKey };
}

/** The object that Sentry 11 emits before it creates a span. */
interface SpanScopeHolder {
  scope: PropagationScope;
  readonly parentSpan?: unknown;
}

interface PropagationScope {
  clone(): PropagationScope;
  getPropagationContext(): { readonly parentSpanId?: string };
  setPropagationContext(context: object): void;
}

/** Continues telltale's trace with the first span of a request that has no Sentry headers. */
function continueOwnTrace(spanScope: SpanScopeHolder): void {
  const ids = propagationContextOf(activeOrUpcomingSpan());
  if (ids === undefined || (spanScope.parentSpan ?? undefined) !== undefined) return;
  const propagation = spanScope.scope.getPropagationContext();
  if (propagation.parentSpanId !== undefined) return;
  const scope = spanScope.scope.clone();
  scope.setPropagationContext({ ...propagation, traceId: ids.traceId });
  spanScope.scope = scope;
}

/**
 * Makes the API's propagator, which is Sentry's by now, return telltale's span if the
 * headers have no parent. Sentry 8 to 10 extract the parent of a request's first span
 * with it. Sentry still decides whether that span is sampled.
 */
export function extractOwnTrace({ propagation }: Partial<ApiImplementations>): void {
  if (propagation === undefined) return;
  const extract = propagation.extract.bind(propagation);
  propagation.extract = (...args) => {
    const context = extract(...args);
    return context.getValue(SPAN_KEY) === undefined ? withOwnSpanContext(context) : context;
  };
}

function withOwnSpanContext(context: ApiContext): ApiContext {
  const ids = propagationContextOf(activeOrUpcomingSpan());
  if (ids === undefined) return context;
  return trace.setSpanContext(context, { ...ids, traceFlags: TraceFlags.NONE, isRemote: true });
}
