import { readFileSync, statSync } from "node:fs";
import type { AlertReceiver, OtlpConfig } from "../../config/config.ts";
import { parseAlertUrl, parseHttpUrl } from "../../config/link-urls.ts";
import { maskAddress, quote } from "../../config/mask.ts";
import type { Environment } from "../../env.ts";
import { trimEndOf } from "../../text.ts";
import { ALERT_URL, invalidAlertUrl } from "../alerts/alert-options.ts";
import { type Detected, formatIssue } from "./detection.ts";
import type { GrafanaTarget } from "./grafana.ts";
import type { OptionReader } from "./option-reader.ts";

/** The variables of Grafana, with the names of its own programs. */
const grafanaVariables = { url: "GRAFANA_URL", token: "GRAFANA_TOKEN" } as const;

/** Where a deployment is recorded beside Sentry. */
export interface OtherTargets {
  readonly grafana: GrafanaTarget | undefined;
  readonly metric: OtlpConfig | undefined;
  /** The folder of node_exporter's textfile collector. */
  readonly textfile: string | undefined;
  readonly alert: AlertReceiver | undefined;
}

/** What the targets are read from. */
export interface TargetSources {
  readonly environment: Environment;
  readonly detected: Detected;
  readonly tokenOfGrafana: string | undefined;
  /** The name of the service. */
  readonly service: string | undefined;
}

/** Reads the options and variables of all targets but Sentry. */
export function readOtherTargets(reader: OptionReader, sources: TargetSources): OtherTargets {
  return {
    grafana: readGrafana(reader, sources.tokenOfGrafana),
    metric: readMetricTarget(reader, sources),
    textfile: readTextfile(reader, sources),
    alert: readAlertReceiver(reader, sources.detected),
  };
}

function readTextfile(reader: OptionReader, { service }: TargetSources): string | undefined {
  if (reader.has("textfile") && service === undefined)
    reader.problems.push("--textfile needs --service, or OTEL_SERVICE_NAME");
  return reader.read(reader.setting("textfile"), "a folder that exists", (text) =>
    statSync(text, { throwIfNoEntry: false })?.isDirectory() === true ? text : undefined,
  );
}

/** Returns the token of Grafana, which must be masked before anything is printed. */
export function grafanaToken(
  tokenFile: string | undefined,
  environment: Environment,
): string | undefined {
  if (tokenFile === undefined) return environment.get(grafanaVariables.token);
  try {
    return readFileSync(tokenFile, "utf8").trim();
  } catch {
    return undefined;
  }
}

const TOKEN = /^[\w.~+/=-]{8,}$/;

function readGrafana(reader: OptionReader, token: string | undefined): GrafanaTarget | undefined {
  const setting = reader.setting("grafana-url", grafanaVariables.url);
  if (setting === undefined) {
    if (reader.has("grafana-token-file"))
      reader.problems.push(`--grafana-token-file needs --grafana-url, or ${grafanaVariables.url}`);
    return undefined;
  }
  const url = parseHttpUrl(setting.text);
  if (url === undefined || url.search !== "" || url.hash !== "") {
    const received = quote(maskAddress(setting.text));
    const expected = "a URL such as https://grafana.example, without a query";
    reader.problems.push(`${setting.name}: received ${received}, expected ${expected}`);
    return undefined;
  }
  const receiver = parseAlertUrl(url.href, () => {});
  const headers = receiver?.headers ?? {};
  const authorization = headers["authorization"] ?? readGrafanaToken(reader, token);
  if (receiver === undefined || authorization === undefined) return undefined;
  return { url: trimEndOf(receiver.url, "/"), headers: { authorization } };
}

function readGrafanaToken(reader: OptionReader, token: string | undefined): string | undefined {
  const isFile = reader.has("grafana-token-file");
  const name = isFile ? "--grafana-token-file" : grafanaVariables.token;
  if (token === undefined) {
    reader.problems.push(
      isFile
        ? `${name}: the file can't be read`
        : `${name} is not set: create a token of a service account, or pass --grafana-token-file`,
    );
    return undefined;
  }
  if (TOKEN.test(token)) return `Bearer ${token}`;
  reader.problems.push(
    `${name}: received ***, expected a token without spaces, quotes and Bearer, of 8 characters at least`,
  );
  return undefined;
}

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"] as const;

/**
 * The metric is sent where the metrics of an app would be, but to no default address, and
 * not if `OTEL_METRICS_EXPORTER` excludes OTLP.
 */
function readMetricTarget(
  reader: OptionReader,
  { environment, detected: { config, issues }, service }: TargetSources,
): OtlpConfig | undefined {
  const { exporters, otlp } = config.metrics;
  const isExcluded =
    environment.get("OTEL_METRICS_EXPORTER") !== undefined && !exporters.includes("otlp");
  if (isExcluded || ENDPOINTS.every((name) => environment.get(name) === undefined))
    return undefined;
  const wrong = issues.filter(({ variable }) =>
    /^OTEL_EXPORTER_OTLP_(?!TRACES|LOGS)/.test(variable),
  );
  // A default is no place to send it to.
  reader.problems.push(...wrong.map((issue) => formatIssue(issue).replace(/; using [^;]*$/, "")));
  if (service !== undefined) return otlp;
  reader.notes.push(
    "no metric is sent, since the service is not known: pass --service, or set OTEL_SERVICE_NAME",
  );
  return undefined;
}

function readAlertReceiver(reader: OptionReader, { config }: Detected): AlertReceiver | undefined {
  const setting = reader.setting("alert-url", ALERT_URL);
  if (setting === undefined) return undefined;
  if (setting.name === ALERT_URL && config.alertReceiver !== undefined) return config.alertReceiver;
  const receiver = parseAlertUrl(setting.text, () => {});
  if (receiver === undefined) reader.problems.push(invalidAlertUrl(setting.name));
  return receiver;
}
