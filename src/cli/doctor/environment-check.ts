import { isDeepStrictEqual } from "node:util";
import type { Config, OtlpConfig } from "../../config/config.ts";
import type { ConfigIssue } from "../../config/issue.ts";
import { formatMasked, MASK } from "../../config/mask.ts";
import { otlp, type Signal, variables } from "../../config/variables.ts";
import { satisfies } from "../../instrumentation/loading/semver-range.ts";
import type { App } from "./app.ts";
import { createFinding, type Finding } from "./finding.ts";

/** Returns what is wrong with the variables, the flags and package.json, without any connection. */
export function checkEnvironment(app: App): Finding[] {
  const { environment, config } = app;
  const findings = [
    ...app.issues.map(findingOfIssue),
    ...unknownVariables(app),
    ...flagFindings(app),
  ];
  if (environment.get("OTEL_SDK_DISABLED")?.toLowerCase() === "true")
    return [createFinding("disabled"), ...findings];
  return [
    ...findings,
    ...engineFindings(app),
    ...doubledPaths(app),
    ...exporterFindings(app),
    ...samplerFindings(config),
    ...nameFindings(app),
    ...errorFindings(app),
  ];
}

function findingOfIssue(issue: ConfigIssue): Finding {
  if (issue.kind === "misspelt") return createFinding("variable-misspelt", { ...issue });
  if (issue.kind === "unsupported") return createFinding("variable-unsupported", { ...issue });
  if (issue.kind === "file") return createFinding("config-file", { ...issue });
  if (issue.variable === "SENTRY_DSN")
    return createFinding("sentry-dsn", { ...issue, suggestion: "" });
  const { suggestion } = issue;
  const expected =
    suggestion === undefined ? issue.expected : `${issue.expected} (did you mean ${suggestion}?)`;
  return createFinding("variable-invalid", { ...issue, suggestion: "", expected });
}

/** Only telltale's own prefix: other tools use the standard ones, too. */
function unknownVariables({ environment, issues }: App): Finding[] {
  const known = new Set([
    ...variables.map(({ name }) => name),
    ...issues.map(({ variable }) => variable),
  ]);
  return [...environment.keys()]
    .filter((name) => name.startsWith("TELLTALE_") && !known.has(name))
    .map((variable) => createFinding("variable-unknown", { variable }));
}

const REQUIRE_MODULE_OFF = /^--no-(experimental-)?require-module$/;
const LOADER = /^--(experimental-)?loader(=|$)/;

function flagFindings({ flags }: App): Finding[] {
  const off = flags.find((flag) => REQUIRE_MODULE_OFF.test(flag));
  const loader = flags.find((flag) => LOADER.test(flag));
  return [
    ...(off === undefined ? [] : [createFinding("require-module-off", { flag: off })]),
    ...(loader === undefined
      ? []
      : [createFinding("loader-flag", { flag: loader.replace(/=.*/, "") })]),
  ];
}

/** Versions of Node that are too old, of which `engines` should accept none. */
const OLD_NODES = ["18.20.0", "20.19.0", "21.7.0", "22.14.0"];

/** A range that only the newest old version is in (`>=22`) is not worth a finding. */
function engineFindings({ manifest: { engine } }: App): Finding[] {
  if (engine === undefined) return [];
  const supported = ["22.15.0", "24.0.0", "26.0.0"].some((node) => satisfies(node, engine));
  const isOnlyOld = !supported && OLD_NODES.some((node) => satisfies(node, engine));
  return isOnlyOld ? [createFinding("node-too-old", { range: engine })] : [];
}

const SIGNAL_PATH = /\/v1\/(traces|metrics|logs)\/?$/;

function doubledPaths({ environment }: App): Finding[] {
  const variable = otlp.endpoint.name;
  const path = SIGNAL_PATH.exec(environment.get(variable) ?? "")?.[0];
  return path === undefined ? [] : [createFinding("endpoint-path-doubled", { variable, path })];
}

function exporterNames(exporters: readonly string[]): string {
  return exporters.join(",") || "none";
}

function exporterFindings({ config }: App): Finding[] {
  const { traces, metrics, logs, errors } = config;
  const exported = [traces, metrics, logs].some(({ exporters }) => exporters.length > 0);
  if (!exported && errors.dsn === undefined && logs.files === undefined)
    return [createFinding("nothing-exported")];
  return [
    ...(traces.exporters.includes("otlp")
      ? []
      : [createFinding("traces-off", { value: exporterNames(traces.exporters) })]),
    ...(logs.exporters.includes("otlp")
      ? []
      : [createFinding("logs-off", { value: exporterNames(logs.exporters) })]),
    ...(metrics.exporters.includes("prometheus") || metrics.exporters.includes("otlp")
      ? []
      : [createFinding("metrics-off", { value: exporterNames(metrics.exporters) })]),
  ];
}

function samplerFindings({ traces: { sampler, exporters } }: Config): Finding[] {
  const isOff =
    sampler.name.endsWith("always_off") || (sampler.name.endsWith("ratio") && sampler.ratio === 0);
  if (!isOff || exporters.length === 0) return [];
  const text = sampler.name.endsWith("ratio") ? `${sampler.name} with a ratio of 0` : sampler.name;
  return [createFinding("sampler-off", { sampler: text })];
}

function nameFindings({ attributes }: App): Finding[] {
  const name = String(attributes["service.name"]);
  return name.startsWith("unknown_service") ? [createFinding("service-unnamed", { name })] : [];
}

function errorFindings({ config: { errors }, release }: App): Finding[] {
  if (errors.dsn === undefined) return [];
  return [
    ...(release === undefined ? [createFinding("release-unset")] : []),
    ...(errors.sampleRate === 0 ? [createFinding("sentry-rate")] : []),
  ];
}

/** A variable that is set, for the report. */
export interface ReportedVariable {
  readonly name: string;
  /** Masked. */
  readonly value: string;
  readonly source: "environment" | "the command";
  /** What it does; undefined for one that is not known. */
  readonly effect: string | undefined;
}

/**
 * Returns the variables of the app, with what they do. Secrets are masked.
 *
 * @param own those of doctor itself; what differs was set by the command.
 */
export function reportVariables(
  { environment }: App,
  own: ReadonlyMap<string, string>,
): ReportedVariable[] {
  const known = new Map(variables.map((variable) => [variable.name, variable]));
  return [...environment]
    .filter(([name]) => name !== "TELLTALE_DOCTOR")
    .filter(([name]) => known.has(name) || /^(OTEL|SENTRY|TELLTALE)_/.test(name))
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([name, text]) => {
      const variable = known.get(name);
      const format =
        variable === undefined ? () => MASK : (variable.valueType.format ?? formatMasked);
      return {
        name,
        value: format(text),
        source: own.get(name) === text ? ("environment" as const) : ("the command" as const),
        effect: variable?.unsupported ?? variable?.doc,
      };
    });
}

/** The signals that are sent over OTLP, with what is configured for each. */
export function otlpSignals({ traces, metrics, logs }: Config): readonly OtlpSignal[] {
  const all: readonly (OtlpSignal & { readonly exporters: readonly string[] })[] = [
    { signal: "traces", config: traces.otlp, exporters: traces.exporters },
    { signal: "metrics", config: metrics.otlp, exporters: metrics.exporters },
    { signal: "logs", config: logs.otlp, exporters: logs.exporters },
  ];
  return all
    .filter(({ exporters }) => exporters.includes("otlp"))
    .flatMap(({ signal, config }) =>
      (config.gateways ?? [config]).map((gateway) => ({ signal, config: gateway })),
    )
    .filter((one, at, list) => list.findIndex((other) => isDeepStrictEqual(one, other)) === at);
}

export interface OtlpSignal {
  readonly signal: Signal;
  readonly config: OtlpConfig;
}
