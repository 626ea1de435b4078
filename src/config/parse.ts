import type { Environment } from "../env.ts";
import type {
  BatchConfig,
  Config,
  ErrorsConfig,
  LambdaConfig,
  LogsConfig,
  MetricsConfig,
  OtlpConfig,
  ResourceDetectorName,
  SpanLimits,
  TracesConfig,
} from "./config.ts";
import { checkInstrumentations } from "./instrumentations.ts";
import { otlpOf } from "./otlp.ts";
import { Reader } from "./reader.ts";
import type { Problem } from "./problem.ts";
import * as table from "./variables.ts";
import { shown, type Variable } from "./variables.ts";

export interface Parsed {
  readonly config: Config;
  /** All that was wrong, for `reportOf`. */
  readonly problems: readonly Problem[];
}

/**
 * The configuration that an environment asks for, complete, and everything in it
 * that could not be used as it was. Never throws. Reads the certificate files
 * that are named, and nothing else outside of `environment`.
 *
 * @param instrumentations the names of those that there are; left out, names of
 * instrumentations are not checked.
 */
export function configFrom(
  environment: Environment,
  instrumentations?: ReadonlySet<string>,
): Parsed {
  const reader = new Reader(environment);
  if (reader.read(table.sdkDisabled)) return { config: disabled(), problems: [] };
  const config = configOf(reader);
  if (instrumentations !== undefined) {
    checkInstrumentations(reader, config.instrumentations, [...instrumentations]);
  }
  reader.checkNames();
  return { config, problems: reader.problems };
}

/** What everything would be by default; nobody looks at it but at `disabled`. */
function disabled(): Config {
  return { ...configOf(new Reader(new Map())), disabled: true };
}

function configOf(reader: Reader): Config {
  const otlp = otlpOf(reader);
  const errors = errorsOf(reader);
  const identity = identityOf(reader, errors);
  return {
    disabled: false,
    logLevel: reader.read(table.logLevel),
    ...identity,
    ...propagationOf(reader, errors),
    knownMethods: reader.read(table.knownMethods),
    instrumentations: instrumentationsOf(reader),
    admin: { host: reader.read(table.prometheusHost), port: reader.read(table.prometheusPort) },
    traces: tracesOf(reader, otlp.traces),
    metrics: metricsOf(reader, otlp.metrics),
    logs: logsOf(reader, otlp.logs),
    errors: { ...errors, environment: errors.environment ?? identity.environment },
    flushTimeoutMs: reader.read(table.flushTimeout),
    signals: reader.read(table.signals),
  };
}

type Identity = Pick<
  Config,
  "serviceName" | "environment" | "resourceAttributes" | "resourceDetectors"
>;

const detectors: readonly ResourceDetectorName[] = [
  "env",
  "host",
  "os",
  "process",
  "serviceinstance",
  "container",
];

function identityOf(reader: Reader, errors: ErrorsConfig): Identity {
  const wanted = reader.read(table.resourceDetectors);
  const resourceDetectors = detectors.filter(
    (name) => wanted.includes(name) || wanted.includes("all"),
  );
  const attributes = reader.read(table.resourceAttributes);
  const resourceAttributes = resourceDetectors.includes("env") ? attributes : {};
  const nodeEnvironment = reader.read(table.nodeEnvironment);
  return {
    serviceName:
      reader.read(table.serviceName) ?? (resourceAttributes["service.name"] || undefined),
    environment:
      resourceAttributes["deployment.environment.name"] || errors.environment || nodeEnvironment,
    resourceAttributes,
    resourceDetectors,
  };
}

/** A browser's Sentry trace is read wherever there is a DSN, unless somebody says what is to be read. */
function propagationOf(
  reader: Reader,
  errors: ErrorsConfig,
): Pick<Config, "propagators" | "extractOnly"> {
  const wanted = reader.read(table.propagators);
  const readsSentry = errors.dsn !== undefined && !reader.has(table.propagators);
  return {
    propagators: wanted ?? ["tracecontext", "baggage"],
    extractOnly: readsSentry ? ["sentry"] : [],
  };
}

function instrumentationsOf(reader: Reader): Config["instrumentations"] {
  reader.read(table.semconvOptIn);
  return {
    enabled: reader.read(table.enabledInstrumentations),
    disabled: reader.read(table.disabledInstrumentations),
    eager: reader.read(table.eager),
    options: optionsOf(reader),
    lambda: lambdaOf(reader),
  };
}

/** AWS says where the function's code is, and a layer's preload can't know it otherwise. */
function lambdaOf(reader: Reader): LambdaConfig | undefined {
  const taskRoot = reader.read(table.lambdaTaskRoot);
  const handler = reader.read(table.lambdaHandler);
  return taskRoot === undefined || handler === undefined ? undefined : { taskRoot, handler };
}

/** Only those that are set: the others have the defaults of whom they belong to. */
function optionsOf(reader: Reader): Config["instrumentations"]["options"] {
  const options: Record<string, Record<string, unknown>> = {};
  for (const { of, option, variable } of table.instrumentationOptions) {
    const value = reader.read(variable);
    if (value !== undefined) (options[of] ??= {})[option] = value;
  }
  for (const name of reader.read(table.middlewareSpans))
    (options[name] ??= {})["middlewareSpans"] = true;
  return options;
}

function tracesOf(reader: Reader, otlp: OtlpConfig): TracesConfig {
  return {
    exporters: reader.read(table.tracesExporter),
    sampler: samplerOf(reader),
    limits: spanLimitsOf(reader),
    batch: batchOf(reader, table.batchOfSpans),
    otlp,
    keepSlowMs: reader.read(table.keepSlow),
  };
}

function samplerOf(reader: Reader): TracesConfig["sampler"] {
  const sentryRatio = reader.read(table.sentryTracesSampleRate);
  const usual = sentryRatio === undefined ? "parentbased_always_on" : "parentbased_traceidratio";
  const name = reader.read(table.tracesSampler, usual);
  if (name === "traceidratio" || name === "parentbased_traceidratio") {
    return { name, ratio: reader.read(table.tracesSamplerArg) };
  }
  if (
    reader.has(table.tracesSamplerArg) &&
    (name !== undefined || !reader.has(table.tracesSampler))
  ) {
    reader.complain(table.tracesSamplerArg, { expected: RATIO_SAMPLER, used: "no argument" });
  }
  return name === undefined ? { name: usual, ratio: sentryRatio ?? 1 } : { name, ratio: 1 };
}

/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration */
const RATIO_SAMPLER = "OTEL_TRACES_SAMPLER to be traceidratio or parentbased_traceidratio";

/**
 * What is said of spans goes before what is said in general; the counts of events
 * and links have no general variable.
 * https://opentelemetry.io/docs/specs/otel/common/#configurable-parameters
 */
function spanLimitsOf(reader: Reader): SpanLimits {
  return {
    attributeCount: either(reader, table.spanAttributeCount, table.attributeCount),
    attributeLength: either(reader, table.spanAttributeLength, table.attributeLength),
    eventCount: reader.read(table.spanEventCount),
    linkCount: reader.read(table.spanLinkCount),
    attributesPerEvent: either(reader, table.eventAttributeCount, table.attributesPerEvent),
    attributesPerLink: either(reader, table.linkAttributeCount, table.attributesPerLink),
  };
}

function either(
  reader: Reader,
  first: Variable<number | undefined>,
  second: Variable<number>,
): number {
  const fallback = reader.read(second);
  return reader.read(first, shown(fallback)) ?? fallback;
}

const USUAL_BATCH = 512;

function batchOf(reader: Reader, rows: table.BatchVariables): BatchConfig {
  const maxQueueSize = reader.read(rows.queue);
  const size = reader.read(rows.size);
  if (size !== undefined && size > maxQueueSize) {
    reader.complain(rows.size, {
      expected: `at most ${rows.queue.name} (${maxQueueSize})`,
      used: String(maxQueueSize),
    });
  }
  return {
    maxQueueSize,
    maxBatchSize: Math.min(size ?? USUAL_BATCH, maxQueueSize),
    delayMs: reader.read(rows.delay),
    exportTimeoutMs: reader.read(rows.timeout),
  };
}

function metricsOf(reader: Reader, otlp: OtlpConfig): MetricsConfig {
  reader.read(table.histogramAggregation);
  const intervalMs = reader.read(table.metricInterval);
  return {
    exporters: reader.read(table.metricsExporter),
    intervalMs,
    timeoutMs: metricTimeoutOf(reader, intervalMs),
    temporality: reader.read(table.temporality),
    exemplarFilter: reader.read(table.exemplarFilter),
    otlp,
  };
}

const USUAL_METRIC_TIMEOUT = 30_000;

/** The SDK's periodic reader refuses a timeout above the interval: exports would overlap. */
function metricTimeoutOf(reader: Reader, intervalMs: number): number {
  const timeoutMs = reader.read(table.metricTimeout);
  if (timeoutMs !== undefined && timeoutMs > intervalMs) {
    reader.complain(table.metricTimeout, {
      expected: `at most OTEL_METRIC_EXPORT_INTERVAL (${intervalMs})`,
      used: String(intervalMs),
    });
  }
  return Math.min(timeoutMs ?? USUAL_METRIC_TIMEOUT, intervalMs);
}

function logsOf(reader: Reader, otlp: OtlpConfig): LogsConfig {
  return {
    exporters: reader.read(table.logsExporter),
    limits: {
      attributeCount: either(reader, table.recordAttributeCount, table.attributeCount),
      attributeLength: either(reader, table.recordAttributeLength, table.attributeLength),
    },
    consoleLines: reader.read(table.consoleLines),
    batch: batchOf(reader, table.batchOfRecords),
    otlp,
  };
}

/** `environment` as far as Sentry's own variable says it. */
function errorsOf(reader: Reader): ErrorsConfig {
  return {
    dsn: reader.read(table.sentryDsn),
    environment: reader.read(table.sentryEnvironment),
    release: reader.read(table.sentryRelease),
    sampleRate: reader.read(table.sentrySampleRate),
    debug: reader.read(table.sentryDebug),
  };
}
