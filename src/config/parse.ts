import { lazy } from "../lazy.ts";
import { commitVariables, type Environment, environmentVariables, variableOf } from "../env.ts";
import type {
  AdminConfig,
  Config,
  ErrorsConfig,
  LambdaConfig,
  LogFileName,
  LogFilesConfig,
  LogsConfig,
  MetricsConfig,
  MetricViewsConfig,
  OtlpConfig,
  ResourceDetectorName,
  SpanLimits,
  TracesConfig,
  ViewerConfig,
} from "./config.ts";
import type { ConfigFile } from "./file/config-file.ts";
import { checkInstrumentations } from "./instrumentations.ts";
import { readBatch, readMetricTimeout } from "./export/settings.ts";
import { readOtlpConfigs } from "./otlp.ts";
import { EnvironmentReader } from "./environment-reader.ts";
import type { ConfigIssue } from "./issue.ts";
import * as table from "./variables.ts";
import { formatValue, type Variable } from "./variables.ts";

/** Loaded only with `OTEL_CONFIG_FILE`. */
const loadConfigFile = lazy<typeof import("./file/config-file.ts")>("config/file/config-file.ts");
const loadAdminAccess = lazy<typeof import("./admin/access.ts")>("config/admin/access.ts");
const loadProfiling = lazy<typeof import("./admin/profiling.ts")>("config/admin/profiling.ts");

export interface ParsedConfig {
  readonly config: Config;
  /** Formatted by `formatIssues`. */
  readonly issues: readonly ConfigIssue[];
  /** Undefined without a configuration file. */
  readonly file?: ConfigFile | undefined;
}

/**
 * Parses an environment into the complete configuration, and collects the values that
 * can't be used. Reads the configuration file and certificate files, the variables that
 * the former refers to, and nothing else outside of `environment`. Never throws.
 *
 * @param instrumentations the names of all instrumentations. Without it, names of
 *   instrumentations are not checked.
 */
export function parseConfig(
  environment: Environment,
  instrumentations?: ReadonlySet<string>,
): ParsedConfig {
  const path = environment.get(table.configFile.name);
  const file =
    path === undefined
      ? undefined
      : loadConfigFile().readConfigFile(path, environment, variableOf, instrumentations);
  const reader = new EnvironmentReader(file?.environment ?? environment, file?.places);
  reader.read(table.configFile);
  if (reader.read(table.sdkDisabled))
    return { config: disabledConfig(), issues: [], ...(file && { file }) };
  const read = readConfig(reader);
  const config = file === undefined ? read : file.complete(read);
  if (instrumentations !== undefined) {
    checkInstrumentations(reader, config.instrumentations, [...instrumentations]);
  }
  reader.checkNames();
  return { config, issues: [...(file?.issues ?? []), ...reader.issues], ...(file && { file }) };
}

const PROFILING_VARIABLES = [
  table.profiling,
  table.profilingExport,
  table.profilingExportHeaders,
] as const;

/** The defaults. Only `disabled` is read from it. */
function disabledConfig(): Config {
  return { ...readConfig(new EnvironmentReader(new Map())), disabled: true };
}

function readConfig(reader: EnvironmentReader): Config {
  const otlp = readOtlpConfigs(reader);
  const errors = readErrors(reader);
  const identity = readIdentity(reader, errors);
  const viewer = readViewer(reader);
  const hasViewer = viewer.url !== undefined;
  const traces = readTraces(reader, otlp.traces, hasViewer);
  const exportsTraces = traces.exporters.includes("otlp") && traces.sampler.name !== "always_off";
  return {
    disabled: false,
    logLevel: reader.read(table.logLevel),
    ...identity,
    ...readPropagation(reader, errors),
    knownMethods: reader.read(table.knownMethods),
    instrumentations: readInstrumentations(reader),
    admin: readAdmin(reader),
    profiling: PROFILING_VARIABLES.some((variable) => reader.has(variable))
      ? loadProfiling().readProfiling(reader, table)
      : undefined,
    pipeline: reader.read(table.pipeline),
    traces,
    metrics: readMetrics(reader, otlp.metrics),
    logs: readLogs(reader, otlp.logs, hasViewer),
    errors: {
      ...errors,
      environment: errors.environment ?? identity.environment,
      exportsTraces,
      traceUrl: exportsTraces ? errors.traceUrl : undefined,
    },
    doctorFolder: reader.read(table.doctorFolder),
    viewer,
    extension: reader.read(table.extension),
    alertReceiver: reader.read(table.alertUrl),
    redaction: reader.read(table.redaction).config,
    userFields: reader.read(table.userFields),
    flushTimeoutMs: reader.read(table.flushTimeoutMs),
    signals: reader.read(table.terminationSignals),
    gracefulShutdown: reader.read(table.gracefulShutdown),
  };
}

/** The viewer shows the data of users, which a service in production must not send to a page. */
function readViewer(reader: EnvironmentReader): ViewerConfig {
  const url = reader.read(table.viewer);
  const shared = {
    isForced: reader.read(table.viewerForce),
    editor: reader.read(table.viewerEditor),
    requestLog: readRequestLog(reader),
    timingHeaders: readTimingHeaders(reader, url !== undefined),
    ignoredCalls: reader.read(table.repeatedIgnore),
  };
  if (url === undefined || shared.isForced || !isProduction(reader)) return { url, ...shared };
  reader.report(table.viewer, {
    expected: "another NODE_ENV than production, or TELLTALE_VIEWER_FORCE=true",
    used: "no viewer",
  });
  return { url: undefined, ...shared };
}

/** It has the parameters of queries, and slows the app down. */
function readRequestLog(reader: EnvironmentReader): ViewerConfig["requestLog"] {
  const level = reader.read(table.developmentLog);
  if (level === undefined || !isProduction(reader)) return level;
  const expected = "another NODE_ENV than production";
  reader.report(table.developmentLog, { expected, used: "no log for development" });
  return undefined;
}

/** The number of queries of a request is nothing that a client in production should read. */
function readTimingHeaders(reader: EnvironmentReader, hasViewer: boolean): boolean {
  const isWanted = reader.read(table.timingHeaders);
  if (!isProduction(reader)) return isWanted ?? hasViewer;
  if (isWanted === true) {
    const expected = "another NODE_ENV than production";
    reader.report(table.timingHeaders, { expected, used: "no such headers" });
  }
  return false;
}

function isProduction(reader: EnvironmentReader): boolean {
  return reader.read(table.nodeEnvironment) === "production";
}

/** With a viewer, the default exporter is used only if it has an endpoint: else it has no receiver. */
function readExporters<Exporter extends string>(
  reader: EnvironmentReader,
  variable: Variable<readonly Exporter[]>,
  signal: "traces" | "logs",
  hasViewer: boolean,
): readonly Exporter[] {
  const exporters = reader.read(variable);
  const endpoints = [table.otlp.endpoint, table.otlpBySignal[signal].endpoint, table.gateways];
  if (!hasViewer || [variable, ...endpoints].some((one) => reader.has(one))) return exporters;
  return exporters.filter((name) => name !== "otlp");
}

function readAdmin(reader: EnvironmentReader): AdminConfig {
  const includesProbes = reader.read(table.probesAuth);
  const isRestricted = accessVariables.some((variable) => reader.has(variable));
  const certificate = reader.read(table.adminCertificate);
  const key = reader.read(table.adminKey);
  return {
    host: reader.read(table.prometheusHost),
    port: reader.read(table.prometheusPort),
    token: reader.read(table.adminToken),
    access: isRestricted
      ? { ...loadAdminAccess().readCredentials(reader, table), includesProbes }
      : undefined,
    // With one of two files, the server must not speak HTTP: it doesn't start.
    tls:
      certificate === undefined && key === undefined
        ? undefined
        : { certificate: certificate ?? "", key: key ?? "" },
  };
}

const accessVariables = [
  table.metricsToken,
  table.metricsTokenFile,
  table.metricsUsername,
  table.metricsPassword,
  table.metricsPasswordFile,
];

type Identity = Pick<
  Config,
  "serviceName" | "environment" | "commit" | "resourceAttributes" | "resourceDetectors"
>;

const detectors: readonly ResourceDetectorName[] = [
  "env",
  "host",
  "os",
  "process",
  "serviceinstance",
  "container",
];

function readIdentity(reader: EnvironmentReader, errors: OwnErrorsConfig): Identity {
  const names = reader.read(table.resourceDetectors);
  const resourceDetectors = detectors.filter(
    (name) => names.includes(name) || names.includes("all"),
  );
  const attributes = reader.read(table.resourceAttributes);
  const resourceAttributes = resourceDetectors.includes("env") ? attributes : {};
  const nodeEnvironment = reader.read(table.nodeEnvironment);
  return {
    serviceName:
      reader.read(table.serviceName) ?? (resourceAttributes["service.name"] || undefined),
    environment:
      resourceAttributes["deployment.environment.name"] ||
      errors.environment ||
      readPlatformEnvironment(reader) ||
      nodeEnvironment,
    commit: readCommit(reader),
    resourceAttributes,
    resourceDetectors,
  };
}

function readPlatformEnvironment(reader: EnvironmentReader): string | undefined {
  const names = environmentVariables.filter((name) => name !== "CONTEXT" || reader.text("NETLIFY"));
  return names.map((name) => reader.text(name)).find(Boolean);
}

/** Some build systems set a variable to its own name, which is no commit. */
function readCommit(reader: EnvironmentReader): Config["commit"] {
  for (const variable of commitVariables) {
    const value = reader.text(variable);
    if (value !== undefined && value !== variable) return { value, variable };
  }
  return undefined;
}

/** Adds the extraction of a browser's Sentry trace if there is a DSN and OTEL_PROPAGATORS is not set. */
function readPropagation(
  reader: EnvironmentReader,
  errors: OwnErrorsConfig,
): Pick<Config, "propagators" | "extractOnly" | "environmentCarrier"> {
  const names = reader.read(table.propagators);
  const readsSentry = errors.dsn !== undefined && !reader.has(table.propagators);
  return {
    propagators: names ?? ["tracecontext", "baggage"],
    extractOnly: readsSentry ? ["sentry"] : [],
    environmentCarrier: reader.read(table.environmentCarrier),
  };
}

function readInstrumentations(reader: EnvironmentReader): Config["instrumentations"] {
  reader.read(table.semconvOptIn);
  return {
    enabled: reader.read(table.enabledInstrumentations),
    disabled: reader.read(table.disabledInstrumentations),
    eager: reader.read(table.eagerLoading),
    options: readOptions(reader),
    lambda: readLambda(reader),
  };
}

/** AWS sets these variables, the only way for a layer's preload to find the function's code. */
function readLambda(reader: EnvironmentReader): LambdaConfig | undefined {
  const taskRoot = reader.read(table.lambdaTaskRoot);
  const handler = reader.read(table.lambdaHandler);
  return taskRoot === undefined || handler === undefined ? undefined : { taskRoot, handler };
}

/** Reads the options that are set. Unset options keep the instrumentation's own defaults. */
function readOptions(reader: EnvironmentReader): Config["instrumentations"]["options"] {
  const options: Record<string, Record<string, unknown>> = {};
  for (const { instrumentation, option, variable } of table.instrumentationOptions) {
    const value = reader.read(variable);
    if (value !== undefined) (options[instrumentation] ??= {})[option] = value;
  }
  for (const name of reader.read(table.middlewareSpanFrameworks))
    (options[name] ??= {})["middlewareSpans"] = true;
  return options;
}

function readTraces(reader: EnvironmentReader, otlp: OtlpConfig, hasViewer: boolean): TracesConfig {
  return {
    exporters: readExporters(reader, table.tracesExporter, "traces", hasViewer),
    sampler: readSampler(reader),
    limits: readSpanLimits(reader),
    batch: readBatch(reader, table.spanBatch),
    otlp,
    keepSlowMs: reader.read(table.keepSlowMs),
  };
}

function readSampler(reader: EnvironmentReader): TracesConfig["sampler"] {
  const sentryRatio = reader.read(table.sentryTracesSampleRate);
  const defaultSampler =
    sentryRatio === undefined ? "parentbased_always_on" : "parentbased_traceidratio";
  const name = reader.read(table.tracesSampler, defaultSampler);
  if (name === "traceidratio" || name === "parentbased_traceidratio") {
    return { name, ratio: reader.read(table.tracesSamplerArg) };
  }
  if (
    reader.has(table.tracesSamplerArg) &&
    (name !== undefined || !reader.has(table.tracesSampler))
  ) {
    reader.report(table.tracesSamplerArg, {
      expected: EXPECTED_RATIO_SAMPLER,
      used: "no argument",
    });
  }
  return name === undefined
    ? { name: defaultSampler, ratio: sentryRatio ?? 1 }
    : { name, ratio: 1 };
}

/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration */
const EXPECTED_RATIO_SAMPLER = "OTEL_TRACES_SAMPLER to be traceidratio or parentbased_traceidratio";

/**
 * Limits of spans override the general ones. The counts of events and links have no
 * general variable.
 * https://opentelemetry.io/docs/specs/otel/common/#configurable-parameters
 */
function readSpanLimits(reader: EnvironmentReader): SpanLimits {
  return {
    attributeCount: readWithFallback(reader, table.spanAttributeCount, table.attributeCount),
    attributeLength: readWithFallback(reader, table.spanAttributeLength, table.attributeLength),
    eventCount: reader.read(table.spanEventCount),
    linkCount: reader.read(table.spanLinkCount),
    attributesPerEvent: readWithFallback(
      reader,
      table.eventAttributeCount,
      table.attributesPerEvent,
    ),
    attributesPerLink: readWithFallback(reader, table.linkAttributeCount, table.attributesPerLink),
  };
}

function readWithFallback(
  reader: EnvironmentReader,
  first: Variable<number | undefined>,
  second: Variable<number>,
): number {
  const fallback = reader.read(second);
  return reader.read(first, formatValue(fallback)) ?? fallback;
}

function readMetrics(reader: EnvironmentReader, otlp: OtlpConfig): MetricsConfig {
  const histograms = reader.read(table.histogramAggregation);
  const intervalMs = reader.read(table.metricInterval);
  return {
    exporters: reader.read(table.metricsExporter),
    intervalMs,
    timeoutMs: readMetricTimeout(reader, intervalMs),
    maxBatchSize: reader.read(table.metricMaxExportBatchSize),
    temporality: reader.read(table.temporality),
    exemplarFilter: reader.read(table.exemplarFilter),
    exponentialHistograms: histograms === "base2_exponential_bucket_histogram",
    views: readMetricViews(reader),
    prometheus: {
      translation: reader.read(table.prometheusTranslation),
      scopeLabels: reader.read(table.prometheusScopeLabels),
      resourceLabels: reader.read(table.prometheusResourceLabels),
      targetInfo: reader.read(table.prometheusTargetInfo),
      created: reader.read(table.prometheusCreated),
      nativeHistograms: reader.read(table.prometheusNativeHistograms),
    },
    stallMs: reader.read(table.stallMs) || Infinity,
    bodySizes: reader.read(table.bodySizeMetrics),
    disabledRuntimeMetrics: reader.read(table.disabledRuntimeMetrics),
    mergeRules: reader.read(table.metricMergeRules),
    otlp,
  };
}

function readMetricViews(reader: EnvironmentReader): MetricViewsConfig | undefined {
  const rules = {
    drop: reader.read(table.droppedInstruments),
    rename: reader.read(table.renamedInstruments),
    dropAttributes: reader.read(table.droppedAttributes),
    buckets: reader.read(table.histogramBuckets),
    cardinalityLimits: reader.read(table.cardinalityLimits),
  };
  const expireMs = reader.read(table.expireMs);
  const isEmpty = Object.values(rules).every((list) => list.length === 0);
  return isEmpty && expireMs === undefined ? undefined : { ...rules, expireMs };
}

function readLogs(reader: EnvironmentReader, otlp: OtlpConfig, hasViewer: boolean): LogsConfig {
  return {
    exporters: readExporters(reader, table.logsExporter, "logs", hasViewer),
    limits: {
      attributeCount: readWithFallback(reader, table.logRecordAttributeCount, table.attributeCount),
      attributeLength: readWithFallback(
        reader,
        table.logRecordAttributeLength,
        table.attributeLength,
      ),
    },
    files: readLogFiles(reader),
    consoleLines: reader.read(table.consoleLines),
    levels: reader.read(table.logLevels),
    levelSignal: reader.read(table.levelSignal),
    debugSecret: reader.read(table.debugSecret),
    bufferLevel: reader.read(table.bufferLevel),
    lineFormat: reader.read(table.lineFormat),
    nodeEnvironment: reader.read(table.nodeEnvironment),
    accessLog: reader.read(table.accessLog),
    slowRequestMs: reader.read(table.slowRequestMs) || Infinity,
    queries: reader.read(table.sqlLog),
    batch: readBatch(reader, table.logRecordBatch),
    otlp,
  };
}

const MEGABYTE = 1_000_000;

/** The limits of each file, where no variable sets them. */
const LOG_FILE_LIMITS: LogFilesConfig["limits"] = {
  application: { maxBytes: 10 * MEGABYTE, maxBackups: 5 },
  errors: { maxBytes: 10 * MEGABYTE, maxBackups: 10 },
  performance: { maxBytes: 10 * MEGABYTE, maxBackups: 5 },
  security: { maxBytes: 10 * MEGABYTE, maxBackups: 10 },
};

function readLogFiles(reader: EnvironmentReader): LogFilesConfig | undefined {
  const folder = reader.read(table.logDir);
  const sizes = reader.read(table.logMaxSize);
  const counts = reader.read(table.logMaxFiles);
  const limitsOf = (name: LogFileName): LogFilesConfig["limits"][LogFileName] => ({
    maxBytes: sizes[name] ?? LOG_FILE_LIMITS[name].maxBytes,
    maxBackups: counts[name] ?? LOG_FILE_LIMITS[name].maxBackups,
  });
  const daily = reader.read(table.logDaily);
  const compress = reader.read(table.logCompress);
  if (folder === undefined) return undefined;
  return {
    folder,
    limits: {
      application: limitsOf("application"),
      errors: limitsOf("errors"),
      performance: limitsOf("performance"),
      security: limitsOf("security"),
    },
    daily,
    compress,
  };
}

/** What does not depend on other variables yet; `environment` is that of Sentry's own one only. */
type OwnErrorsConfig = Omit<ErrorsConfig, "exportsTraces">;

function readErrors(reader: EnvironmentReader): OwnErrorsConfig {
  return {
    dsn: reader.read(table.sentryDsn),
    environment: reader.read(table.sentryEnvironment),
    release: reader.read(table.sentryRelease),
    sampleRate: reader.read(table.sentrySampleRate),
    ignoreErrors: reader.read(table.ignoreErrors),
    ignoreTransactions: reader.read(table.ignoreTransactions),
    beforeSend: reader.read(table.beforeSend),
    spotlight: reader.read(table.sentrySpotlight),
    repeatedErrors: reader.read(table.repeatedErrors),
    debug: reader.read(table.sentryDebug),
    sessions: reader.read(table.sentrySessions),
    logEvents: reader.read(table.logEvents),
    breadcrumbs: reader.read(table.breadcrumbs),
    traceUrl: reader.read(table.traceUrl),
    orgUrl: reader.read(table.sentryOrgUrl),
    cronCheckIns: reader.read(table.cronCheckIns),
    dataCollection: reader.read(table.dataCollection),
    spoolDir: reader.read(table.spoolDir),
    spoolMaxBytes: reader.read(table.spoolMaxSize),
  };
}
