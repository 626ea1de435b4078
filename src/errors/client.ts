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
import { ROOT } from "../context/context.ts";
import type { Holder } from "../context/holder.ts";
import { activeSpan, runIn } from "../context/manager.ts";
import type { Pipeline } from "../export/exit.ts";
import { version } from "../version.ts";
import { markAsOurs } from "./carrier.ts";
import type { Errors, ErrorsParts, FatalOrigin } from "./api.ts";
import type { CaptureHint } from "../api.ts";
import { EventClient } from "./event-client.ts";
import { propagationOf } from "./origin.ts";
import { isError } from "./readable.ts";
import { strategy } from "./scopes.ts";
import { stackParser } from "./stack.ts";
import { EnvelopeTransport, MAX_QUEUED } from "./transport.ts";

/** What is behind `Errors` once Sentry is loaded. Unlike there, a method may throw. */
export interface ErrorsClient extends Omit<Errors, "start" | "pipeline">, Pipeline {}

/**
 * Sentry's client on our context, and the functions that use it. Called once
 * per process: the scopes' strategy and the client are global.
 */
export function createErrorsClient(parts: ErrorsParts): ErrorsClient {
  if (parts.config.debug) debug.enable();
  const client = createClient(parts);
  installClient(client);
  return {
    captureException: (error, hint) => capture(client, error, hintOf(error, hint)),
    captureMessage: (message, level) =>
      idOf(
        client.captureMessage(
          message.slice(0, MAX_TEXT),
          level,
          { originalException: message, syntheticException: new Error(message) },
          getCurrentScope(),
        ),
      ),
    setUser: (user) => void getIsolationScope().setUser(user),
    setTag: (key, value) => void getIsolationScope().setTag(key, value),
    setContext: (name, context) => void getIsolationScope().setContext(name, context),
    setExtra: (key, value) => void getIsolationScope().setExtra(key, value),
    addBreadcrumb: (breadcrumb) => void getIsolationScope().addBreadcrumb(breadcrumb),
    withScope: (work) => withIsolationScope(() => work()),
    captureServerErrors: (holder, failures) => captureServerErrors(client, holder, failures),
    captureJobError: (holder, willRetry) => captureJobError(client, holder, willRetry),
    captureFatal: (error, origin) => void capture(client, error, fatalHint(error, origin)),
    captureRejection: (reason) => void capture(client, reason, rejectionHint(reason)),
    flush: async (timeoutMs) => void (await client.flush(timeoutMs)),
    pending: () => client.pending(),
  };
}

/** Longer texts are cut: an event has to stay below Sentry's limit of 1 MB. */
const MAX_TEXT = 10_000;

function createClient({ config, service, account, diagnostics, unsent }: ErrorsParts): EventClient {
  const options: ServerRuntimeClientOptions = {
    dsn: config.dsn,
    environment: config.environment ?? service.environment,
    release: config.release ?? releaseOf(service),
    sampleRate: config.sampleRate,
    platform: "node",
    runtime: { name: "node", version: process.version },
    ...(service.hostName === undefined ? {} : { serverName: service.hostName }),
    sendClientReports: true,
    maxValueLength: MAX_TEXT,
    stackParser,
    // No Dedupe: it compares with the last event of the whole process.
    integrations: [linkedErrorsIntegration()],
    // No option of Sentry's own tracing may be here: even a rate of 0 turns it on.
    traceLifecycle: "static",
    dataCollection: nothingPersonal,
    transportOptions: { bufferSize: MAX_QUEUED },
    transport: ({ url, headers }) =>
      new EnvelopeTransport({
        url,
        headers: headers ?? {},
        account,
        diagnostics,
        recordDroppedEvent: (...loss) => client.lose(...loss),
      }),
    _metadata: {
      sdk: {
        name: "sentry.javascript.telltale",
        version,
        packages: [{ name: "npm:telltale", version }],
      },
    },
  };
  const client = new EventClient(options, { account, diagnostics, unsent });
  return client;
}

/** Sentry 11 collects all of this unless told not to (`sendDefaultPii` is gone). */
const nothingPersonal: NonNullable<ServerRuntimeClientOptions["dataCollection"]> = {
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

function releaseOf({ name, version: serviceVersion }: ErrorsParts["service"]): string | undefined {
  return serviceVersion === undefined ? undefined : `${name}@${serviceVersion}`;
}

/**
 * Makes the client the one that Sentry's functions find, in every copy of
 * Sentry 11 (`carrier.ts`), until the app sets one of its own.
 */
function installClient(client: EventClient): void {
  setAsyncContextStrategy(strategy);
  registerExternalPropagationContext(() => propagationOf(activeSpan()));
  // Made now, so that they are of our version whatever copy of Sentry comes later.
  getGlobalScope();
  getDefaultIsolationScope();
  markAsOurs(client);
  const scope = getDefaultCurrentScope();
  scope.setClient(client);
  client.init();
  hideFromInit(client);
  keepClient(scope);
}

/**
 * `Sentry.init` of 11.1 and later warns on the console if a client is there
 * already, which isn't the app's doing; a closed client doesn't count.
 */
function hideFromInit(client: Client): void {
  Object.defineProperty(client, Symbol.for("SentryClosedClient"), { value: false });
}

/** `Sentry.close` takes the client off; what comes after must not be lost. */
function keepClient(scope: Scope): void {
  const setClient = scope.setClient.bind(scope);
  scope.setClient = (client) => {
    if (client !== undefined) setClient(client);
  };
}

function capture(client: Client, error: unknown, hint: EventHint): string | undefined {
  return idOf(client.captureException(error, hint, getCurrentScope()));
}

function captureServerErrors(
  client: EventClient,
  holder: Holder,
  failures: readonly unknown[],
): void {
  const context = ROOT.withHolder(holder).withSpan(holder.span);
  const mechanism = { type: "auto.http.server", handled: true };
  for (const error of failures) {
    if (error === undefined || error === null) continue;
    runIn(context, () => capture(client, error, { originalException: error, mechanism }));
  }
}

function captureJobError(
  client: EventClient,
  holder: Holder,
  willRetry: boolean | undefined,
): string | undefined {
  const { error } = holder;
  const context = ROOT.withHolder(holder).withSpan(holder.span);
  const hint: EventHint = {
    ...hintOf(error, willRetry === undefined ? undefined : retryHint(willRetry)),
    mechanism: { type: "auto.job", handled: true },
  };
  return runIn(context, () => capture(client, error, hint));
}

function retryHint(willRetry: boolean): CaptureHint {
  return { level: willRetry ? "warning" : "error", tags: { "job.will_retry": willRetry } };
}

/** What a domain handles Node tells in the same way; it is no more fatal than what a framework handles. */
function fatalHint(error: unknown, origin: FatalOrigin): EventHint {
  const handled = process.hasUncaughtExceptionCaptureCallback();
  const mechanism = { type: `auto.node.on${origin.toLowerCase()}`, handled };
  const level = handled ? "error" : "fatal";
  return { originalException: error, mechanism, captureContext: { level } };
}

function rejectionHint(reason: unknown): EventHint {
  const mechanism = { type: "auto.node.onunhandledrejection", handled: false };
  return { originalException: reason, mechanism };
}

function hintOf(error: unknown, hint: CaptureHint | undefined): EventHint {
  const made: EventHint = { originalException: error };
  if (!isError(error)) made.syntheticException = new Error("captured without a stack");
  if (hint !== undefined) made.captureContext = hint as NonNullable<EventHint["captureContext"]>;
  return made;
}

function idOf(id: string): string | undefined {
  return id === "" ? undefined : id;
}
