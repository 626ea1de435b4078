import { readFile } from "node:fs/promises";
import { knownAlerts } from "../../ops/alerts/alerts.ts";
import { defaultOptions, type OpsOptions } from "../../ops/options/ops-options.ts";
import type { Reference } from "../../ops/references/reference.ts";
import { referencesOf } from "../../ops/references/references.ts";
import { NAME } from "../../yaml/text-rules.ts";
import { parseYamlFile, type YamlMap } from "../../yaml/yaml-map.ts";
import { readAlertmanagerOptions } from "./config/alertmanager.ts";
import { readAlertOptions } from "./config/alerts.ts";
import { readBusinessCounters } from "./config/business.ts";
import { readGrafanaOptions } from "./config/grafana.ts";
import { readLinkOptions } from "./config/links.ts";
import { readObjectives } from "./config/objectives.ts";
import { readLogOptions } from "./config/logs.ts";
import { readKubernetesOptions, readScrapeOptions, readUptimeOptions } from "./config/scrape.ts";
import { readContacts, readServiceOptions } from "./config/services.ts";

/** The options of a file, and all that is wrong with it. */
export interface OpsConfig {
  readonly options: OpsOptions;
  /** The names in the file that something in Prometheus has to have. */
  readonly references: readonly Reference[];
  /** One line each, with file and line. */
  readonly problems: readonly string[];
}

/**
 * Reads `telltale.ops.yaml`. Never throws.
 *
 * @param isNamed whether the file has to exist; otherwise the defaults are used without it.
 */
export async function readOpsConfig(file: string, isNamed: boolean): Promise<OpsConfig> {
  try {
    return parseOpsConfig(file, await readFile(file, "utf8"));
  } catch (error) {
    if (!isNamed && isMissing(error)) return withDefaults([]);
    const reason = isMissing(error) ? "there is no such file" : String(error);
    return withDefaults([`--config: ${file} can't be read: ${reason}`]);
  }
}

/** Parses the text of `telltale.ops.yaml`. Never throws. An empty file has the defaults. */
export function parseOpsConfig(file: string, text: string): OpsConfig {
  const { documents, problems } = parseYamlFile(file, text);
  const [document, second] = documents;
  if (document === undefined) {
    const isEmpty = problems.length === 1 && problems[0]?.endsWith("the file is empty") === true;
    return withDefaults(isEmpty ? [] : problems);
  }
  if (second !== undefined) problems.push(`${file}: expected one document`);
  return { ...readOptions(document, file, problems), problems };
}

function withDefaults(problems: readonly string[]): OpsConfig {
  return { options: defaultOptions, references: [], problems };
}

/** @param problems to which those of the files are added that the options name. */
function readOptions(
  document: YamlMap,
  file: string,
  problems: string[],
): Pick<OpsConfig, "options" | "references"> {
  const business = readBusinessCounters(document.map("business"));
  const { objectives, found } = readObjectives(document.map("slo"), file, problems);
  const options: OpsOptions = {
    services: readServiceOptions(document.map("services")),
    team: document.text("team", NAME) ?? defaultOptions.team,
    contacts: readContacts(document.map("contacts")),
    links: readLinkOptions(document.map("links")),
    logs: readLogOptions(document.map("logs")),
    objectives,
    alerts: readAlertOptions(document.map("alerts"), knownAlerts(business)),
    scrape: readScrapeOptions(document.map("prometheus")),
    uptime: readUptimeOptions(document.map("uptime")),
    kubernetes: readKubernetesOptions(document.map("kubernetes")),
    alertmanager: readAlertmanagerOptions(document.map("alertmanager")),
    grafana: readGrafanaOptions(document.map("grafana")),
    business,
  };
  document.end();
  const references = problems.length === 0 ? referencesOf(document, options, found) : [];
  return { options, references };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
