import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import type { HealthCheck } from "../api.ts";
import type { Config } from "../config/config.ts";
import { lazy } from "../lazy.ts";
import type { RequestHooks } from "../http/server/http-server-instrumentation.ts";
import type { Logs } from "../logs/logs.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { ExtensibleResource } from "../resource/resource.ts";
import { replaceIds } from "../traces/ids.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";
import { createSampler } from "../traces/sampling/sampler.ts";
import type { Traces } from "../traces/traces.ts";
import type { Components } from "./components.ts";
import { guardedIds } from "./guarded/id-generator.ts";
import { guardedLogProcessor, type LogRecordProcessor } from "./guarded/log-processor.ts";
import { guardedPropagator, type Propagator } from "./guarded/propagator.ts";
import { guardedSampler } from "./guarded/sampler.ts";
import { guardedSpanProcessor } from "./guarded/span-processor.ts";
import { guardedRequestHooks } from "./guarded/request-hooks.ts";
import { connectInstrumentation, type Instrumentation } from "./instrumentations.ts";
import { connectReader, type MetricReader } from "./metric-readers.ts";
import { extendResource } from "./resource.ts";
import { registerHealthChecks } from "./health-checks.ts";
import { readViews } from "./views.ts";
import type { ReadConfig } from "./read-config.ts";
import type { ExtensionReport } from "./report.ts";

const loadBatchProcessor = lazy<typeof import("./batch-span-processor.ts")>(
  "extension/batch-span-processor.ts",
);

const LEFT_OUT = "it is left out";

/** The parts of telltale that an extension changes. */
export interface ExtensionTargets {
  readonly config: Config;
  readonly traces: Pick<Traces, "provider" | "addProcessor" | "setSampler">;
  readonly logs: Pick<Logs, "provider">;
  readonly metrics: Pick<Metrics, "provider" | "addViews" | "createProducer" | "addReader">;
  readonly resource: Pick<ExtensibleResource, "extend">;
  readonly propagator: Pick<CompositePropagator, "replace">;
  /** Called after the propagator has been replaced: other headers have to be read. */
  readonly onPropagatorReplaced: () => void;
  readonly setRequestHooks: (hooks: RequestHooks) => void;
  readonly redactor: { extend(additions: unknown): void };
  readonly health: { register(check: HealthCheck): unknown };
}

type Targets = ExtensionTargets & { readonly report: ExtensionReport };

/** Applies a configuration to telltale. */
export function applyExtension(config: ReadConfig, targets: Targets, components: Components): void {
  // A step that fails must not skip the others.
  for (const [what, step] of Object.entries(steps))
    targets.report.guard(what, LEFT_OUT, () => step(config, targets, components));
}

type Step = (config: ReadConfig, targets: Targets, components: Components) => void;

/** In this order: an exported span has the resource, and the redaction applies to all. */
const steps: Readonly<Record<string, Step>> = {
  redaction({ redaction }, { redactor }) {
    if (redaction !== undefined) redactor.extend(redaction);
  },
  resource(config, targets) {
    extendResource(config, targets);
  },
  idGenerator({ idGenerator }, { report }) {
    if (idGenerator !== undefined) replaceIds(guardedIds(idGenerator, report));
  },
  sampler({ sampler }, { config, traces, report }) {
    if (sampler === undefined) return;
    traces.setSampler(guardedSampler(sampler, createSampler(config.traces.sampler), report));
  },
  textMapPropagator({ textMapPropagator: own }, { propagator, onPropagatorReplaced, report }) {
    if (own === undefined) return;
    propagator.replace(own === null ? [] : [guardedPropagator(own as Propagator, report)]);
    onPropagatorReplaced();
  },
  spanProcessors({ spanProcessors = [] }, { traces, report }, components) {
    for (const [index, processor] of (spanProcessors as SpanProcessor[]).entries()) {
      const what = `spanProcessors[${index}]`;
      components.add(what, processor);
      traces.addProcessor(guardedSpanProcessor(processor, what, report));
    }
  },
  traceExporter({ traceExporter }, { traces, report }, components) {
    if (traceExporter === undefined) return;
    const processor = loadBatchProcessor().createBatchSpanProcessor(traceExporter, report);
    components.add("traceExporter", processor);
    traces.addProcessor(guardedSpanProcessor(processor, "traceExporter", report));
  },
  logRecordProcessors({ logRecordProcessors = [] }, { logs, report }, components) {
    for (const [index, processor] of (logRecordProcessors as LogRecordProcessor[]).entries()) {
      const what = `logRecordProcessors[${index}]`;
      components.add(what, processor);
      logs.provider.addReceiver(guardedLogProcessor(processor, what, report));
    }
  },
  views({ views = [] }, { metrics, report }) {
    const read = readViews(views as object[], report);
    if (read.length > 0) metrics.addViews(read);
  },
  metricReaders({ metricReaders = [] }, { metrics, report }, components) {
    for (const [index, reader] of (metricReaders as MetricReader[]).entries()) {
      const what = `metricReaders[${index}]`;
      components.add(what, reader);
      report.guard(what, LEFT_OUT, () => connectReader(reader, metrics));
    }
  },
  instrumentations({ instrumentations = [] }, targets) {
    for (const [index, instrumentation] of (instrumentations as Instrumentation[]).entries()) {
      const what = `instrumentations[${index}]`;
      targets.report.guard(what, LEFT_OUT, () =>
        connectInstrumentation(instrumentation, what, targets),
      );
    }
  },
  requestHooks(config, { setRequestHooks, report }) {
    const hooks = guardedRequestHooks(config, report);
    if (hooks !== undefined) setRequestHooks(hooks);
  },
  healthChecks({ healthChecks }, { health, report }) {
    // An object, by the table of keys.
    if (healthChecks !== undefined) registerHealthChecks(healthChecks as object, health, report);
  },
};
