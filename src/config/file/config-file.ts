import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Environment } from "../../env.ts";
import type {
  Config,
  FileParts,
  FurtherExport,
  FurtherReader,
  MetricViewsConfig,
} from "../config.ts";
import type { ConfigIssue } from "../issue.ts";
import { escapeControls, formatMasked } from "../mask.ts";
import { EnvironmentReader } from "../environment-reader.ts";
import { readBatch, readMetricTimeout } from "../export/settings.ts";
import { readOtlpConfigs } from "../otlp.ts";
import type { Signal } from "../variables.ts";
import * as table from "../variables.ts";
import { checkNode } from "./check.ts";
import { type FileMap, parseFile } from "./document.ts";
import { mapDistribution, mapInstrumentation } from "./mapping/instrumentation.ts";
import { mapGeneral } from "./mapping/general.ts";
import { mapLogs } from "./mapping/logs.ts";
import { mapMetrics } from "./mapping/metrics.ts";
import { mapTraces } from "./mapping/traces.ts";
import type { ReportProblem } from "./problem.ts";
import { configuration } from "./schema/configuration.ts";
import { FileSettings, type Place } from "./settings.ts";
import type { VariableLookup } from "./substitution.ts";

/** What `OTEL_CONFIG_FILE` makes of the environment. */
export interface ConfigFile {
  /** The variables that have the meaning of the file, with those of the environment that stay. */
  readonly environment: Environment;
  /** Where in the file a variable is set: `otel.yaml:12: tracer_provider.sampler`. */
  readonly places: ReadonlyMap<string, string>;
  /** What no variable can express, and where it is in the file. */
  readonly parts: FileParts;
  readonly partPlaces: ReadonlyMap<string, string>;
  /** The exporters beside the one that the variables configure. */
  readonly exporters: readonly FileExporter[];
  /** Adds the parts and the exporters. */
  readonly complete: (config: Config) => Config;
  readonly issues: readonly ConfigIssue[];
}

/** A further exporter, as variables that have the meaning of its section. */
export interface FileExporter {
  readonly signal: Signal;
  readonly environment: Environment;
  readonly places: ReadonlyMap<string, string>;
}

/** Larger than any configuration. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads a configuration file. What is invalid in it is an issue, and the rest is used; if
 * nothing can be, the environment stays as it is. Never throws.
 *
 * @param lookup returns the value of any variable, for substitution.
 * @param instrumentations the names of all instrumentations; undefined: they are not checked.
 */
export function readConfigFile(
  path: string,
  environment: Environment,
  lookup: VariableLookup,
  instrumentations?: ReadonlySet<string>,
): ConfigFile {
  const issues: ConfigIssue[] = [];
  const file = basename(path);
  const report: ReportProblem = (place, problem) => {
    const text = `${textOf(file, place)}: ${escapeControls(problem)}`;
    issues.push({ kind: "file", variable: table.configFile.name, problem: text });
  };
  const settings = new FileSettings(environment, report);
  const used = readSettings(path, settings, lookup, instrumentations);
  if (typeof used === "string")
    return { ...unused(environment), issues: [...issues, unusable(path, used)] };
  reportIgnored(environment, used, issues);
  const exporters = settings.exporters.map(({ signal, settings: own }): FileExporter => ({
    ...{ signal, environment: own.texts },
    places: placesOf(own, file, environment),
  }));
  const further = exporters.map((one) => readExporter(one, issues));
  return {
    exporters,
    environment: withStaying(settings.texts, environment),
    places: placesOf(settings, file, environment),
    parts: settings.parts,
    partPlaces: new Map(
      [...settings.partPlaces].map(([name, place]) => [name, textOf(file, place)]),
    ),
    complete: (config) => withExporters(withParts(config, settings.parts), further),
    issues,
  };
}

function unused(environment: Environment): Omit<ConfigFile, "issues"> {
  const nothing = { places: new Map(), parts: {}, partPlaces: new Map(), exporters: [] };
  return { ...nothing, environment, complete: (config) => config };
}

/**
 * Reads the settings of a file.
 *
 * @returns the names of the variables that the file uses; if nothing of it can be used,
 *   what was expected.
 */
function readSettings(
  path: string,
  settings: FileSettings,
  lookup: VariableLookup,
  instrumentations: ReadonlySet<string> | undefined,
): ReadonlySet<string> | string {
  const { report } = settings;
  const text = readSmallFile(path);
  if (text === undefined) return "a readable file of at most 1 MB";
  const document = parseFile(text, lookup, report);
  if (document === undefined) return "a file in YAML";
  const minor = readVersion(document.root, report);
  if (minor === undefined) return "a file of version 1.0 or 1.1";
  const root = checkNode(document.root, configuration, { report, reportsRenamed: minor > 0 });
  if (root?.kind === "map") mapFile(root, settings, instrumentations);
  return new Set([...document.names, table.sdkDisabled.name, ...keptIn(settings)]);
}

/** Adds what no variable can express, where the pipelines read it. */
function withParts(config: Config, parts: FileParts): Config {
  const { traces, metrics, logs } = config;
  const { prometheus } = metrics;
  return {
    ...config,
    typedAttributes: parts.resourceAttributes,
    detectedAttributes: parts.detectedAttributes,
    traces: {
      ...traces,
      sampler: { ...traces.sampler, spec: parts.sampler },
      scopes: parts.tracers,
    },
    metrics: {
      ...metrics,
      views: withDeclaredViews(metrics.views, parts),
      prometheus: { ...prometheus, resourceLabelFilter: parts.resourceLabels },
    },
    logs: { ...logs, scopes: parts.loggers },
  };
}

/** A further exporter, with the settings of all signals. */
type Further = FurtherExport & FurtherReader & { readonly signal: Signal };

/** Reads a further exporter as the first one is read. */
function readExporter(
  { signal, environment, places }: FileExporter,
  issues: ConfigIssue[],
): Further {
  const reader = new EnvironmentReader(environment, places);
  const intervalMs = reader.read(table.metricInterval);
  const aggregation = reader.read(table.histogramAggregation);
  const further = {
    signal,
    otlp: readOtlpConfigs(reader)[signal],
    batch: readBatch(reader, signal === "logs" ? table.logRecordBatch : table.spanBatch),
    intervalMs,
    timeoutMs: readMetricTimeout(reader, intervalMs),
    maxBatchSize: reader.read(table.metricMaxExportBatchSize),
    temporality: reader.read(table.temporality),
    exponentialHistograms: aggregation === "base2_exponential_bucket_histogram",
  };
  issues.push(...reader.issues);
  return further;
}

function withExporters(config: Config, all: readonly Further[]): Config {
  if (all.length === 0) return config;
  const { traces, metrics, logs } = config;
  const of = (name: Signal): readonly Further[] => all.filter(({ signal }) => signal === name);
  return {
    ...config,
    traces: { ...traces, further: of("traces") },
    metrics: { ...metrics, further: of("metrics") },
    logs: { ...logs, further: of("logs") },
  };
}

const NO_VIEWS: MetricViewsConfig = {
  ...{ drop: [], rename: [], dropAttributes: [], buckets: [], cardinalityLimits: [] },
  expireMs: undefined,
};

function withDeclaredViews(
  views: MetricViewsConfig | undefined,
  { views: declared, cardinalityLimits: limitsByKind, meters: scopes }: FileParts,
): MetricViewsConfig | undefined {
  if (declared === undefined && limitsByKind === undefined && scopes === undefined) return views;
  return { ...(views ?? NO_VIEWS), declared, limitsByKind, scopes };
}

/** Opens only a regular file: a pipe would block the start of the app. */
function readSmallFile(path: string): string | undefined {
  try {
    const file = statSync(path);
    return file.isFile() && file.size <= MAX_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

function unusable(path: string, expected: string): ConfigIssue {
  return {
    kind: "invalid",
    variable: table.configFile.name,
    received: formatMasked(path),
    expected,
    suggestion: undefined,
    used: "the other variables",
  };
}

/** The newest minor version of the schema that is known. */
const NEWEST_MINOR = 1;

/** Returns the minor version; undefined for another major one. A file without a version is read as the newest. */
function readVersion(root: FileMap, report: ReportProblem): number | undefined {
  const node = root.entries.get("file_format");
  if (node?.kind !== "scalar" || typeof node.value !== "string") return NEWEST_MINOR;
  const [, major, minor = "0"] = /^(\d{1,9})(?:\.(\d{1,9}))?(?:-[\w.]+)?$/.exec(node.value) ?? [];
  if (major !== "1") {
    report(node, `received ${formatMasked(node.value)}, expected "1.0" or "1.1"`);
    return undefined;
  }
  if (Number(minor) > NEWEST_MINOR)
    report(
      node,
      `version ${node.value} is newer than 1.${NEWEST_MINOR}, so that some keys may not be known`,
    );
  return Number(minor);
}

function mapFile(
  root: FileMap,
  settings: FileSettings,
  instrumentations: ReadonlySet<string> | undefined,
): void {
  mapGeneral(root, settings);
  mapTraces(root, settings);
  mapMetrics(root, settings);
  mapLogs(root, settings);
  mapInstrumentation(root, settings, instrumentations);
  mapDistribution(root, settings);
}

/** Returns the names of the variables whose text is that of the environment. */
function keptIn({ texts, places }: FileSettings): readonly string[] {
  return [...texts.keys()].filter((name) => !places.has(name));
}

/** Variables of OpenTelemetry are only used where the file refers to them. */
function staysBeside(name: string): boolean {
  return !name.startsWith("OTEL_") || name === table.configFile.name;
}

/** Adds the variables that have precedence over the file. */
function withStaying(texts: ReadonlyMap<string, string>, environment: Environment): Environment {
  return new Map([...texts, ...[...environment].filter(([name]) => staysBeside(name))]);
}

function placesOf(
  { places }: FileSettings,
  file: string,
  environment: Environment,
): ReadonlyMap<string, string> {
  return new Map(
    [...places]
      .filter(([name]) => !(staysBeside(name) && environment.has(name)))
      .map(([name, place]) => [name, textOf(file, place)]),
  );
}

function textOf(file: string, { line, path }: Place): string {
  return escapeControls(`${file}:${line}${path === "" ? "" : `: ${path}`}`);
}

/** Reports the variables that the file makes ineffective, in one line. */
function reportIgnored(
  environment: Environment,
  used: ReadonlySet<string>,
  issues: ConfigIssue[],
): void {
  const ignored = [...environment.keys()].filter((name) => !staysBeside(name) && !used.has(name));
  if (ignored.length === 0) return;
  issues.push({
    kind: "file",
    variable: table.configFile.name,
    problem: `${ignored.join(", ")}: no effect beside OTEL_CONFIG_FILE, whose file does not refer to ${ignored.length === 1 ? "it" : "them"}`,
  });
}
