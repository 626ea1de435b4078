import { lazy } from "../lazy.ts";
import type { Config } from "../config/config.ts";
import { SPAN_KEY } from "../context/context.ts";
import { activeContext } from "../context/manager.ts";
import type { OutgoingCalls } from "../context/outgoing.ts";
import type { Diagnostics } from "../diagnostics/diagnostics.ts";
import type { Unsent } from "../diagnostics/unsent.ts";
import type { Errors } from "../errors/api.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Propagator } from "../traces/propagation/propagator.ts";
import type { Traces } from "../traces/traces.ts";
import { version } from "../version.ts";
import type { ClientServices } from "./client-call.ts";
import { ClientMetrics } from "./client-metrics.ts";
import { HeaderReader } from "./headers.ts";
import { installHttpClient } from "./http-client.ts";
import { installServerEntry } from "./http-server.ts";
import { installHttp2 } from "./http2.ts";
import { OpenResponses } from "./open-responses.ts";
import { ServerMetrics } from "./server-metrics.ts";
import { installUndici } from "./undici.ts";

const loadOutgoing = lazy<typeof import("./outgoing.ts")>("entry/outgoing.ts");

export interface EntryParts {
  readonly config: Config;
  readonly traces: Traces;
  readonly metrics: Metrics;
  readonly errors: Errors;
  readonly propagator: Propagator;
  readonly diagnostics: Diagnostics;
  readonly unsent: Unsent;
  /** By the names that `OTEL_NODE_*_INSTRUMENTATIONS` have for the ways in and out. */
  readonly isEnabled: (name: "http" | "undici") => boolean;
}

/** Opens the ways in (HTTP servers) and out (HTTP clients). */
export function installEntries(parts: EntryParts): Entries {
  const { metrics, propagator, diagnostics, errors, unsent } = parts;
  const tracer = parts.traces.provider.getTracer("telltale/http", version);
  const knownMethods = new Set(parts.config.knownMethods);
  const onFault = (error: unknown): void => {
    try {
      diagnostics.error("entry", `a request could not be recorded: ${describe(error)}`);
    } catch {
      // Where even that fails, the app is still to hear nothing of it.
    }
  };
  const openResponses = new OpenResponses(onFault);
  const client: ClientServices = {
    tracer,
    propagator,
    metrics: new ClientMetrics(metrics.meter),
    knownMethods,
    openResponses,
    contextOf: (span) => activeContext().setValue(SPAN_KEY, span),
    onFault,
  };
  if (parts.isEnabled("undici")) installUndici(client);
  const outgoing = (): OutgoingCalls => loadOutgoing().createOutgoingCalls(client);
  if (!parts.isEnabled("http")) {
    const abandon = (): void => openResponses.endAll();
    return { outgoing, beginEarly() {}, hasServed: () => false, underWay: () => 0, abandon };
  }
  installHttpClient(client);
  const headers = new HeaderReader(propagator, propagator.reads());
  const server = installServerEntry({
    tracer,
    headers,
    metrics: new ServerMetrics(metrics),
    knownMethods,
    onServerErrors: (holder, failures) => errors.captureServerErrors(holder, failures),
    onBegin: () => unsent.note(),
    onFault,
  });
  const streams = installHttp2({ server, headers, onFault });
  return {
    outgoing,
    beginEarly: () => server.beginEarly(),
    hasServed: () => server.hasServed(),
    underWay: () => server.underWay(),
    abandon() {
      openResponses.endAll();
      server.abandon();
      streams.abandon();
    },
  };
}

export interface Entries {
  /** For clients that no channel of Node's tells of; loads what is needed for it. */
  readonly outgoing: () => OutgoingCalls;
  /** For an app's own Sentry: see `ServerEntry`. */
  beginEarly(): void;
  /** Whether any request has come in. */
  hasServed(): boolean;
  /** How many requests are under way. */
  underWay(): number;
  /** Ends the requests that are under way, and the calls whose response has begun: the process ends, and they with it. Never throws. */
  abandon(): void;
}

/** In one line: what it is, and where it was thrown. */
function describe(error: unknown): string {
  const frame = (error as Error).stack?.split("\n").find((line) => /^\s+at /.test(line));
  return frame === undefined ? String(error) : `${String(error)} (${frame.trim()})`;
}
