import type { AdminConfig, Config } from "../../config/config.ts";
import { maskAddress } from "../../config/mask.ts";
import { otlpBySignal } from "../../config/variables.ts";
import { inheritedEnvironment } from "../../env.ts";
import type { App } from "../doctor/app.ts";
import { otlpSignals } from "../doctor/environment-check.ts";
import { type Finding, findingOf, type FindingValues } from "../doctor/finding.ts";
import { isLoopback } from "../doctor/otlp-check.ts";
import { type ProductionId, type ProductionRow, productionRows } from "./production-rows.ts";

type ProductionFinding = Finding<ProductionId>;

/** Creates a finding of the checklist. */
export function productionFinding(id: ProductionId, values: FindingValues = {}): ProductionFinding {
  const row: ProductionRow = productionRows[id];
  return findingOf(id, row, values);
}

/** Returns what the checklist finds in the environment and in package.json. */
export function checkProduction(app: App): ProductionFinding[] {
  return [
    ...identityFindings(app),
    ...exportFindings(app),
    ...dataFindings(app),
    ...adminFindings(app.config.admin),
    ...plainEndpoints(app),
    ...connectionFindings(app),
    ...operationFindings(app),
  ];
}

function found(
  isFound: boolean,
  id: ProductionId,
  values: FindingValues = {},
): ProductionFinding[] {
  return isFound ? [productionFinding(id, values)] : [];
}

const OTHER_ENVIRONMENT = /^(dev|develop|development|local|test|testing|demo)$/i;

function identityFindings({
  environment,
  environmentName,
  release,
  attributes,
}: App): ProductionFinding[] {
  const nodeEnvironment = environment.get("NODE_ENV") ?? "not set";
  const service = String(attributes["service.name"]);
  return [
    ...found(environmentName === undefined, "environment-unset"),
    ...found(OTHER_ENVIRONMENT.test(environmentName ?? ""), "environment-other", {
      environment: environmentName ?? "",
    }),
    ...found(nodeEnvironment !== "production", "node-env", { value: nodeEnvironment }),
    ...found(release === undefined, "release-missing"),
    ...found(service.startsWith("unknown_service"), "service-name-missing", { name: service }),
  ];
}

function exportFindings({ config }: App): ProductionFinding[] {
  const { traces, metrics, logs, errors, signals } = config;
  const { name, ratio } = traces.sampler;
  const isComplete = name.endsWith("always_on") || (name.endsWith("ratio") && ratio === 1);
  const console = (["traces", "metrics", "logs"] as const)
    .filter((signal) => ({ traces, metrics, logs })[signal].exporters.includes("console"))
    .map((signal) => `OTEL_${signal.toUpperCase()}_EXPORTER`);
  return [
    ...found(traces.exporters.includes("otlp") && isComplete, "sampling-complete"),
    ...found(errors.dsn === undefined, "errors-off"),
    ...console.map((variable) => productionFinding("console-exporter", { variable })),
    ...found(!signals.includes("SIGTERM"), "signals-ignored"),
  ];
}

const FINE_LEVELS: ReadonlySet<string> = new Set(["verbose", "debug", "silly", "trace"]);

function dataFindings({ environment, config }: App): ProductionFinding[] {
  const { redaction, errors, logs, userFields } = config;
  const collected = errors.dsn === undefined ? [] : errors.dataCollection;
  const others = userFields.filter((field) => field !== "id");
  return [
    ...found(redaction === undefined, "redaction-off"),
    ...found(collected.length > 0, "personal-data", {
      variable: "TELLTALE_DATA_COLLECTION",
      data: collected.join(", "),
    }),
    ...found(isTrue(environment.get("SENTRY_SEND_DEFAULT_PII")), "personal-data", {
      variable: "SENTRY_SEND_DEFAULT_PII",
      data: "headers, cookies and IP addresses (by an app's own Sentry)",
    }),
    ...found(others.length > 0, "user-fields", { data: others.join(", ") }),
    ...found(logs.queries, "sql-log"),
    ...logs.levels
      .filter(({ level }) => FINE_LEVELS.has(level))
      .map(({ name, level }) =>
        productionFinding("log-level", { level, logger: name === "*" ? "all loggers" : name }),
      ),
  ];
}

function isTrue(value: string | undefined): boolean {
  return /^(true|1|yes|on)$/i.test(value ?? "");
}

function adminFindings({ host, port, access, tls }: AdminConfig): ProductionFinding[] {
  if (isLoopback(host)) return [];
  return access === undefined
    ? [productionFinding("admin-open", { host, port })]
    : found(tls === undefined, "admin-plain", { host });
}

function plainEndpoints({ config, environment }: App): ProductionFinding[] {
  const findings = otlpSignals(config).flatMap(({ signal, config: otlp }) => {
    const url = new URL(otlp.url);
    if (url.protocol !== "http:" || isOwnNetwork(url.hostname)) return [];
    const own = otlpBySignal[signal].endpoint.name;
    const variable = environment.has(own) ? own : "OTEL_EXPORTER_OTLP_ENDPOINT";
    const id = Object.keys(otlp.headers).length > 0 ? "credentials-plain" : "endpoint-plain";
    return [productionFinding(id, { address: maskAddress(url.origin), variable })];
  });
  return [...new Map(findings.map((one) => [one.message, one])).values()];
}

/** Addresses and names that are not on the Internet: of this host, a cluster or a private network. */
function isOwnNetwork(hostname: string): boolean {
  return (
    isLoopback(hostname) ||
    !hostname.includes(".") ||
    /^(10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(hostname) ||
    /^\[?f[cd]/i.test(hostname) ||
    /\.(svc|local|internal|localdomain|lan|home\.arpa)$/i.test(hostname)
  );
}

function connectionFindings({ flags, manifest }: App): ProductionFinding[] {
  const all = [...flags, ...(manifest.startScript ?? "").split(/\s+/)];
  const flag = all.find((word) => /^--inspect(-brk|-wait)?(=|$)/.test(word));
  const isUnchecked = inheritedEnvironment()["NODE_TLS_REJECT_UNAUTHORIZED"] === "0";
  return [
    ...found(isUnchecked, "certificates-unchecked"),
    ...found(flag !== undefined, "inspector-flag", { flag: flag?.replace(/=.*/, "") ?? "" }),
  ];
}

const RUNNERS = [
  "nodemon",
  "ts-node",
  "tsx",
  "ts-node-dev",
  "--watch",
  "vite-node",
  "concurrently",
];

function operationFindings({ config, environment, manifest }: App): ProductionFinding[] {
  const words = (manifest.startScript ?? "").split(/[\s=]+/);
  const runner = RUNNERS.find((name) => words.includes(name));
  return [
    ...developmentVariables(config, environment).map((variable) =>
      productionFinding("debug-variable", { variable }),
    ),
    ...ownLevel(config),
    ...found(runner !== undefined, "development-runner", { runner: runner ?? "" }),
  ];
}

function developmentVariables(
  { errors }: Config,
  environment: ReadonlyMap<string, string>,
): string[] {
  return [
    ...(errors.debug ? ["SENTRY_DEBUG"] : []),
    ...(errors.spotlight === undefined ? [] : ["SENTRY_SPOTLIGHT"]),
    ...["TELLTALE_VIEWER", "TELLTALE_DOCTOR"].filter((name) => environment.has(name)),
  ];
}

function ownLevel({ logLevel: level }: Config): ProductionFinding[] {
  if (level === "none" || level === "error")
    return [productionFinding("own-level", { level, effect: "it hides warnings of telltale" })];
  const isFine = level === "debug" || level === "verbose" || level === "all";
  return found(isFine, "own-level", { level, effect: "telltale prints more than is needed" });
}
