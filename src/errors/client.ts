import {
  type Client,
  debug,
  type EventHint,
  getCurrentScope,
  getDefaultCurrentScope,
  getDefaultIsolationScope,
  getGlobalScope,
  getIsolationScope,
  linkedErrorsIntegration,
  registerExternalPropagationContext,
  type Scope,
  setAsyncContextStrategy,
  withIsolationScope,
} from "@sentry/core";
import type { ServerRuntimeClientOptions } from "@sentry/core/server";
import type { Context as ApiContext } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { DataCollectionName, ErrorsConfig } from "../config/config.ts";
import { maskAddress } from "../config/mask.ts";
import { thrownValueOf } from "../context/thrown.ts";
import { activeErrorSlot, idSlotIn, contextOfUnit } from "../context/unit-access.ts";
import type { ErrorSlot } from "../context/unit-views.ts";
import { activeContext, activeSpan, runWithContext } from "../context/manager.ts";
import type { Pipeline } from "../export/pipeline.ts";
import { lazy } from "../lazy.ts";
import { truncate } from "../text.ts";
import { version } from "../version.ts";
import { markOwnClient } from "./sentry-carrier.ts";
import type { ErrorsDeps, FatalOrigin, SentryBinding } from "./api.ts";
import type { CaptureContext, CaptureHint, SeverityLevel } from "../api.ts";
import { SentryClient, type SentryClientDeps } from "./sentry-client.ts";
import { propagationContextOf } from "./capture-origin.ts";
import { EventLinks } from "./event-links.ts";
import { captureFeedback } from "./feedback.ts";
import { runMonitored } from "./monitors/with-monitor.ts";
import type { EventFilter } from "./filters/event-filter.ts";
import type { EventFilters } from "./filters/filter-module.ts";
import { IgnoreRules } from "./filters/ignore-rules.ts";
import { RepeatedErrors } from "./filters/repeated-errors.ts";
import { adjustBreadcrumbTimes, mergeBreadcrumbs } from "./event-data/breadcrumbs.ts";
import { addFrameworkUser } from "./event-data/framework-user.ts";
import { ModuleVersions } from "./event-data/module-versions.ts";
import { FrameSources } from "./frames/frame-sources.ts";
import { ProcessContexts } from "./event-data/process-contexts.ts";
import { addRequestData } from "./event-data/request-data.ts";
import { MAX_TEXT_LENGTH } from "./event-data/valid-event.ts";
import { captureLogged } from "./logged/logged-error.ts";
import { isErrorSafely, messageText } from "./readable-error.ts";
import { replaceScopeSetters } from "./scope-data.ts";
import { asyncContextStrategy, withEventScope } from "./scopes.ts";
import type { SessionAggregate } from "./sessions/request-sessions.ts";
import { stackParser } from "./stack.ts";
import { createSpotlightTransport, SPOTLIGHT_DSN, SpotlightCopy } from "./spotlight.ts";
import { EnvelopeTransport, type EnvelopeTransportDeps } from "./transport/transport.ts";

const loadSpool = lazy<typeof import("./spool/spool.ts")>("errors/spool/spool.ts");

const loadEventFilter = lazy<typeof import("./filters/event-filter.ts")>(
  "errors/filters/event-filter.ts",
);

/** telltale's own Sentry client, once Sentry is loaded. Every method may throw. */
export interface ErrorsClient extends SentryBinding, Pick<Pipeline, "drainForExit"> {
  captureServerErrors(unit: ErrorSlot, failures: readonly unknown[]): void;
  captureJobError(unit: ErrorSlot, willRetry: boolean | undefined): string | undefined;
  captureFatal(error: unknown, origin: FatalOrigin): void;
  captureRejection(reason: unknown): void;
  /** Whether it has a release, without which Sentry discards sessions. */
  readonly hasRelease: boolean;
  sendSessions(): void;
  /** Reports the events of these categories that were lost because Sentry could not be loaded. */
  reportUnloaded(counts: Readonly<Record<"error" | "feedback" | "monitor", number>>): void;
  captureLogged(error: object, record: ReadableLogRecord, context: ApiContext): string | undefined;
}

/**
 * Creates Sentry's client on our context. Called once per process: the client and
 * the strategy of its scopes are global.
 */
export function createErrorsClient(
  deps: ErrorsDeps,
  takeSessions: () => SessionAggregate[],
): ErrorsClient {
  if (deps.config.debug) debug.enable();
  const client = createClient(deps, takeSessions);
  installClient(client);
  const captureCheckIn: SentryBinding["captureCheckIn"] = (checkIn, config) =>
    client.captureCheckIn(checkIn, config);
  return {
    captureException: (error, context) => capture(client, error, eventHintOf(error, context)),
    captureMessage: (message, context) => captureMessage(client, message, context),
    isolationScope: getIsolationScope,
    withScope: withEventScope,
    withIsolationScope,
    captureFeedback: (feedback, hint) =>
      eventIdOf(captureFeedback(getCurrentScope(), feedback, hint)),
    captureCheckIn,
    withMonitor: (slug, work, config) =>
      runMonitored({ captureCheckIn, withIsolationScope }, slug, work, config),
    captureServerErrors: (unit, failures) => captureServerErrors(client, unit, failures),
    captureJobError: (unit, willRetry) => captureJobError(client, unit, willRetry),
    captureFatal: (error, origin) => void capture(client, error, fatalEventHint(error, origin)),
    captureRejection: (reason) => void capture(client, reason, rejectionEventHint(reason)),
    captureLogged: (error, record, context) =>
      captureLogged((hint) => capture(client, error, hint), error, record, context),
    flush: (timeoutMs) => client.flush(timeoutMs),
    drainForExit: () => client.drainForExit(),
    hasRelease: client.getOptions().release !== undefined,
    sendSessions: () => client.sendSessions(),
    reportUnloaded({ error, feedback, monitor }) {
      client.recordLoss("internal_sdk_error", "error", error);
      client.recordLoss("internal_sdk_error", "feedback", feedback);
      client.recordLoss("internal_sdk_error", "monitor", monitor);
    },
  };
}

function createClient(deps: ErrorsDeps, takeSessions: () => SessionAggregate[]): SentryClient {
  const filter = createFilter(deps);
  const options: ServerRuntimeClientOptions = {
    ...serviceOptions(deps),
    ...(filter !== undefined && { beforeSend: (event, hint) => filter.run(event, hint) }),
    platform: "node",
    runtime: { name: "node", version: process.version },
    sendClientReports: true,
    // Sentry's client adds an ellipsis of three dots.
    maxValueLength: MAX_TEXT_LENGTH - 3,
    stackParser,
    // Without Dedupe, which compares with the last event of the whole process.
    integrations: [linkedErrorsIntegration()],
    // Without options of Sentry's tracing: even a sample rate of 0 would enable it.
    traceLifecycle: "static",
    dataCollection: dataCollectionOf(deps.config),
    transport: ({ url, headers }) =>
      createTransport(deps, { url, headers: headers ?? {} }, (...loss) =>
        client.recordLoss(...loss),
      ),
    _metadata: { sdk },
  };
  const client = new SentryClient(options, { ...clientDeps(deps), filter, takeSessions });
  // Before the app's processors, which see all breadcrumbs in order.
  client.addEventProcessor(mergeBreadcrumbs);
  addEventData(client, deps.config);
  return client;
}

/** Creates the filter of the app's functions: those of the variable, else those of its extension. */
function createFilter({
  config: { beforeSend },
  diagnostics,
  extensionFilters,
}: ErrorsDeps): EventFilter | undefined {
  if (beforeSend !== undefined) return loadEventFilter().createEventFilter(beforeSend, diagnostics);
  const filters = extensionFilters?.();
  if (filters === undefined || isEmpty(filters)) return undefined;
  return new (loadEventFilter().EventFilter)("TELLTALE_EXTENSION", filters, diagnostics);
}

function isEmpty(filters: EventFilters | Promise<EventFilters>): boolean {
  if (filters instanceof Promise) return false;
  return filters.beforeSend === undefined && filters.beforeBreadcrumb === undefined;
}

function clientDeps(deps: ErrorsDeps): Omit<SentryClientDeps, "filter"> {
  const { config, counters, diagnostics, redactor, unsent } = deps;
  return {
    counters,
    diagnostics,
    unsent,
    redactor,
    links: new EventLinks(deps),
    ignored: new IgnoreRules(config, diagnostics),
    repeated: new RepeatedErrors(config.repeatedErrors, diagnostics),
    spotlight: createSpotlightCopy(deps),
    onEnvelope: deps.onEnvelope,
    contexts: new ProcessContexts(deps.resource),
    completions: [new ModuleVersions(), new FrameSources()],
    breadcrumbs: config.breadcrumbs,
  };
}

/** Creates the copy for Spotlight of what Sentry gets. */
function createSpotlightCopy({ config, diagnostics }: ErrorsDeps): SpotlightCopy | undefined {
  const { dsn, spotlight, environment } = config;
  if (spotlight === undefined) return undefined;
  if (environment === "production") {
    const text =
      "SENTRY_SPOTLIGHT is set in production: it is for development, and events are sent to";
    diagnostics.warn("errors.spotlight", `${text} ${maskAddress(spotlight)}`);
  }
  return dsn === undefined ? undefined : new SpotlightCopy(spotlight, diagnostics);
}

/** Adds the user and the request to events, before the filters of the app, and after its scopes. */
function addEventData(client: SentryClient, { dataCollection }: ErrorsConfig): void {
  const collected = new Set(dataCollection);
  client.addEventProcessor((event) => {
    const unit = activeErrorSlot();
    if (event.type !== undefined || unit === undefined) return event;
    addFrameworkUser(event, idSlotIn(activeContext()));
    addRequestData(event, unit, collected);
    return event;
  });
}

type RecordLoss = EnvelopeTransportDeps["recordLoss"];

/** Creates the transport to Sentry or, without a DSN, to Spotlight. */
function createTransport(
  { config, counters, diagnostics, flushTimeoutMs }: ErrorsDeps,
  address: Pick<EnvelopeTransportDeps, "url" | "headers">,
  recordLoss: RecordLoss,
): EnvelopeTransport {
  const { dsn, spotlight } = config;
  if (dsn === undefined && spotlight !== undefined)
    return createSpotlightTransport(spotlight, { counters, diagnostics, recordLoss });
  const shared = { ...address, counters, diagnostics, recordLoss };
  const { spoolDir: directory, spoolMaxBytes: maxBytes } = config;
  const spool =
    directory === undefined
      ? undefined
      : loadSpool().createSpool({ ...shared, directory, maxBytes });
  return new EnvelopeTransport({ ...shared, spool, exitTimeoutMs: flushTimeoutMs });
}

const sdk = {
  name: "sentry.javascript.telltale",
  version,
  packages: [{ name: "npm:telltale", version }],
};

/** Returns the options that the configuration and the resource determine. */
function serviceOptions({
  config,
  resource,
  release,
  environment,
}: ErrorsDeps): Pick<
  ServerRuntimeClientOptions,
  "dsn" | "environment" | "release" | "sampleRate" | "serverName"
> {
  const serverName = resource.attributes["host.name"];
  return {
    dsn: config.dsn ?? SPOTLIGHT_DSN,
    environment: environment(),
    release: release(),
    sampleRate: config.sampleRate,
    ...(typeof serverName === "string" && { serverName }),
  };
}

/** Disables everything that Sentry 11 collects by default (it has no `sendDefaultPii` any more). */
const noPersonalData: NonNullable<ServerRuntimeClientOptions["dataCollection"]> = {
  userInfo: false,
  cookies: false,
  httpHeaders: { request: false, response: false },
  httpBodies: [],
  urlQueryParams: false,
  graphQL: { document: false, variables: false },
  genAI: { inputs: false, outputs: false },
  mcp: { inputs: false, outputs: false },
  databaseQueryData: false,
  queues: false,
  stackFrameVariables: false,
  frameContextLines: 5,
};

function dataCollectionOf({
  dataCollection,
}: ErrorsConfig): NonNullable<ServerRuntimeClientOptions["dataCollection"]> {
  const isOpened = (name: DataCollectionName): boolean => dataCollection.includes(name);
  return {
    ...noPersonalData,
    userInfo: isOpened("userInfo"),
    cookies: isOpened("cookies"),
    httpHeaders: { request: isOpened("httpHeaders"), response: false },
    httpBodies: isOpened("httpBodies") ? ["incomingRequest"] : [],
    urlQueryParams: isOpened("urlQueryParams"),
  };
}

/**
 * Installs the client for Sentry's functions, in every copy of Sentry 11
 * (`sentry-carrier.ts`), until the app sets its own client.
 */
function installClient(client: SentryClient): void {
  setAsyncContextStrategy(asyncContextStrategy);
  registerExternalPropagationContext(() => propagationContextOf(activeSpan()));
  // Created here, so that they are of telltale's version, whatever copy of Sentry is loaded later.
  getGlobalScope();
  replaceScopeSetters(getDefaultIsolationScope());
  adjustBreadcrumbTimes(getDefaultIsolationScope());
  markOwnClient(client);
  const scope = getDefaultCurrentScope();
  scope.setClient(client);
  client.init();
  suppressInitWarning(client);
  preventClientRemoval(scope);
}

/**
 * Marks the client as closed, so that `Sentry.init` of 11.1 and later does not warn on
 * the console about an existing client, which the app has not created.
 */
function suppressInitWarning(client: Client): void {
  Object.defineProperty(client, Symbol.for("SentryClosedClient"), { value: false });
}

/** Keeps the client when `Sentry.close` removes it, so that later errors are captured. */
function preventClientRemoval(scope: Scope): void {
  const setClient = scope.setClient.bind(scope);
  scope.setClient = (client) => {
    if (client !== undefined) setClient(client);
  };
}

function capture(client: Client, error: unknown, hint: EventHint): string | undefined {
  return eventIdOf(client.captureException(error, hint, getCurrentScope()));
}

function captureMessage(
  client: Client,
  message: string,
  context: CaptureContext | SeverityLevel | undefined,
): string | undefined {
  const text = messageText(message);
  const hint: EventHint = {
    originalException: message,
    syntheticException: new Error(text),
    ...(typeof context !== "string" && captureContextHint(context)),
  };
  const level = typeof context === "string" ? context : undefined;
  // A template of Sentry is an object.
  const cut = typeof text === "string" ? truncate(text, MAX_TEXT_LENGTH) : text;
  return eventIdOf(client.captureMessage(cut, level, hint, getCurrentScope()));
}

function captureServerErrors(
  client: SentryClient,
  unit: ErrorSlot,
  failures: readonly unknown[],
): void {
  const context = contextOfUnit(unit);
  const mechanism = { type: "auto.http.server", handled: true };
  for (const failure of failures) {
    const error = thrownValueOf(failure);
    runWithContext(context, () => capture(client, error, automaticHint(error, mechanism)));
  }
}

function captureJobError(
  client: SentryClient,
  unit: ErrorSlot,
  willRetry: boolean | undefined,
): string | undefined {
  const error = thrownValueOf(unit.error);
  const context = contextOfUnit(unit);
  const hint: EventHint = {
    ...automaticHint(error, { type: "auto.job", handled: true }),
    ...captureContextHint(willRetry === undefined ? undefined : jobRetryHint(willRetry)),
  };
  return runWithContext(context, () => capture(client, error, hint));
}

function jobRetryHint(willRetry: boolean): CaptureHint {
  return { level: willRetry ? "warning" : "error", tags: { "job.will_retry": willRetry } };
}

/** Returns the hint of a fatal error. Node also reports errors that a domain handles, which are not fatal. */
function fatalEventHint(error: unknown, origin: FatalOrigin): EventHint {
  const handled = process.hasUncaughtExceptionCaptureCallback();
  const mechanism = { type: `auto.node.on${origin.toLowerCase()}`, handled };
  const level = handled ? "error" : "fatal";
  return { ...automaticHint(error, mechanism), captureContext: { level } };
}

function rejectionEventHint(reason: unknown): EventHint {
  return automaticHint(reason, { type: "auto.node.onunhandledrejection", handled: false });
}

/** Returns the hint of an error that telltale captures. */
function automaticHint(error: unknown, mechanism: NonNullable<EventHint["mechanism"]>): EventHint {
  return {
    originalException: error,
    mechanism,
    // A text has no stack. With that of this place, Sentry would group all texts into one issue.
    ...(!isErrorSafely(error) && { syntheticException: errorWithoutStack() }),
  };
}

function errorWithoutStack(): Error {
  return Object.defineProperty(new Error(), "stack", { value: "" });
}

function eventHintOf(error: unknown, context: CaptureContext | undefined): EventHint {
  const eventHint: EventHint = { originalException: error, ...captureContextHint(context) };
  if (!isErrorSafely(error)) eventHint.syntheticException = new Error("captured without a stack");
  return eventHint;
}

function captureContextHint(
  context: CaptureContext | undefined,
): Pick<EventHint, "captureContext"> | undefined {
  if (context === undefined) return undefined;
  return { captureContext: context as NonNullable<EventHint["captureContext"]> };
}

function eventIdOf(id: string): string | undefined {
  return id === "" ? undefined : id;
}
