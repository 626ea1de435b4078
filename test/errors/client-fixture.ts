import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace";
import { Scope } from "@sentry/core";
import type { ServerRuntimeClientOptions } from "@sentry/core/server";
import { parseConfig } from "../../src/config/parse.ts";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import type { KeepReason } from "../../src/context/local-trace-handle.ts";
import { runWithContext } from "../../src/context/manager.ts";
import { UnitOfWork } from "../../src/context/unit-of-work.ts";
import { Diagnostics } from "../../src/diagnostics/diagnostics.ts";
import { EventCounters } from "../../src/diagnostics/telemetry-counters.ts";
import { environmentOf } from "../../src/env.ts";
import { ProcessContexts } from "../../src/errors/event-data/process-contexts.ts";
import { EventLinks } from "../../src/errors/event-links.ts";
import { captureFeedback } from "../../src/errors/feedback.ts";
import { IgnoreRules } from "../../src/errors/filters/ignore-rules.ts";
import { RepeatedErrors } from "../../src/errors/filters/repeated-errors.ts";
import { SentryClient } from "../../src/errors/sentry-client.ts";
import type { SessionAggregate } from "../../src/errors/sessions/request-sessions.ts";
import { createSpool, type SpoolDeps } from "../../src/errors/spool/spool.ts";
import { stackParser } from "../../src/errors/stack.ts";
import { sendRetry } from "../../src/errors/transport/send-pause.ts";
import { EnvelopeTransport } from "../../src/errors/transport/transport.ts";
import type { TelltaleSpan } from "../../src/traces/span.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { collectingProvider } from "../traces/provider.ts";

const resource = resourceFromAttributes({ "service.name": "shop" });

/** Three tries, as by default, without the pauses. */
export const quickRetry: typeof sendRetry = { ...sendRetry, firstMs: 5, maxMs: 20 };

export interface ClientFixtureOptions {
  readonly dsn: string;
  readonly options?: Partial<ServerRuntimeClientOptions> | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly spool?: Pick<SpoolDeps, "directory" | "maxBytes"> | undefined;
}

/** telltale's client, as `createErrorsClient` creates it, and a request. */
export interface ClientFixture {
  readonly client: SentryClient;
  readonly counters: EventCounters;
  readonly lines: string[];
  readonly keepReasons: KeepReason[];
  /** Span of that request, and its unit of work. */
  readonly span: TelltaleSpan;
  readonly unit: UnitOfWork;
  /** The counts of requests that the client sends next. */
  readonly sessions: SessionAggregate[];
  /** Advances the clock of repeated errors. */
  advance(milliseconds: number): void;
  /** Captures an error in the request. */
  capture(error: unknown): void;
}

export function createClientFixture({
  dsn,
  options = {},
  env = {},
  spool,
}: ClientFixtureOptions): ClientFixture {
  const counters = new EventCounters();
  const lines: string[] = [];
  const diagnostics = new Diagnostics("info", (line) => lines.push(line));
  const { errors: config } = parseConfig(environmentOf(env)).config;
  const sessions: SessionAggregate[] = [];
  let now = 0;
  const client: SentryClient = new SentryClient(
    {
      dsn,
      integrations: [],
      stackParser,
      traceLifecycle: "static",
      sendClientReports: true,
      dataCollection: { frameContextLines: 0 },
      transport({ url }) {
        const recordLoss: SpoolDeps["recordLoss"] = (...loss) => client.recordLoss(...loss);
        const deps = { url, headers: {}, counters, diagnostics, recordLoss };
        return new EnvelopeTransport({
          ...deps,
          retry: quickRetry,
          spool: spool && createSpool({ ...deps, ...spool }),
        });
      },
      ...options,
    },
    {
      counters,
      diagnostics,
      redactor,
      links: new EventLinks({ config, resource }),
      ignored: new IgnoreRules(config, diagnostics),
      repeated: new RepeatedErrors(config.repeatedErrors, diagnostics, () => now),
      contexts: new ProcessContexts(resource),
      completions: [],
      breadcrumbs: [],
      takeSessions: () => sessions.splice(0),
    },
  );
  return {
    ...{ client, counters, lines, sessions, ...createRequest(client) },
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}

/** Creates an unsampled request, in which the client captures errors. */
function createRequest(
  client: SentryClient,
): Pick<ClientFixture, "keepReasons" | "span" | "unit" | "capture"> {
  const keepReasons: KeepReason[] = [];
  const unit = new UnitOfWork();
  const { provider } = collectingProvider({ sampler: new AlwaysOffSampler() });
  const span = provider.getTracer("t").startSpan("GET") as TelltaleSpan;
  const { localTrace } = span;
  localTrace.keep = (reason) => void keepReasons.push(reason);
  unit.localTrace = localTrace;
  const context = ROOT_CONTEXT.withUnitOfWork(unit).withSpan(span);
  const capture = (error: unknown): void => {
    runWithContext(context, () => client.captureException(error, {}, new Scope()));
  };
  return { keepReasons, span, unit, capture };
}

export function captureFeedbackTwice({ client }: ClientFixture): void {
  const scope = new Scope();
  scope.setClient(client);
  captureFeedback(scope, { message: "too slow" });
  captureFeedback(scope, { message: "nice", name: "Anna" });
}
