import {
  defaultScrapeOptions,
  defaultUptimeOptions,
  type ScrapeOptions,
  type UptimeOptions,
} from "../../../ops/options/scrape-options.ts";
import {
  defaultKubernetesOptions,
  type KubernetesOptions,
} from "../../../ops/options/kubernetes-options.ts";
import { NAME, type TextRule } from "../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../yaml/yaml-map.ts";
import { INTERVAL, pathOnHostOf, URL } from "./text-rules.ts";

const TARGET: TextRule = {
  pattern: /^[\w.-]{1,200}:\d{1,5}$/,
  expected: "host and port, such as shop:9464",
};
const PATH = pathOnHostOf("Prometheus");
const LABEL: TextRule = {
  pattern: /^[A-Za-z\d][\w./-]{0,199}$/,
  expected: "the name of a label of Kubernetes",
};

/** Reads `prometheus`. */
export function readScrapeOptions(section: YamlMap | undefined): ScrapeOptions {
  if (section === undefined) return defaultScrapeOptions;
  const targets = readTargets(section.map("targets"));
  const [collectorPage, collector] = ["collector_page", "collector"].map((key) =>
    section.text(key, TARGET),
  );
  const tokenFile = section.text("token_file", PATH);
  const alertmanagers = section.has("alertmanagers")
    ? section.list("alertmanagers", TARGET)
    : defaultScrapeOptions.alertmanagers;
  const options: ScrapeOptions = {
    interval: section.text("interval", INTERVAL) ?? defaultScrapeOptions.interval,
    // Services behind a Collector have no page that is scraped.
    targets: targets ?? (collectorPage === undefined ? defaultScrapeOptions.targets : new Map()),
    alertmanagers,
    ...(collectorPage !== undefined && { collectorPage }),
    ...(collector !== undefined && { collector }),
    ...(tokenFile !== undefined && { tokenFile }),
  };
  section.end();
  return options;
}

function readTargets(map: YamlMap | undefined): ScrapeOptions["targets"] | undefined {
  if (map === undefined) return undefined;
  const targets = map.keys.map((name) => {
    if (!NAME.pattern.test(name)) map.problem(name, `expected ${NAME.expected}`);
    return [name, map.list(name, TARGET)] as const;
  });
  return new Map(targets);
}

/** Reads `uptime`. */
export function readUptimeOptions(section: YamlMap | undefined): UptimeOptions {
  if (section === undefined) return defaultUptimeOptions;
  const urls = section.list("urls", URL);
  const blackbox = section.text("blackbox", TARGET) ?? defaultUptimeOptions.blackbox;
  section.end();
  return { urls, blackbox };
}

/** Reads `kubernetes`. */
export function readKubernetesOptions(section: YamlMap | undefined): KubernetesOptions {
  if (section === undefined) return defaultKubernetesOptions;
  const namespace = section.text("namespace", NAME) ?? defaultKubernetesOptions.namespace;
  const labels = section.has("labels")
    ? section.texts("labels", LABEL)
    : defaultKubernetesOptions.labels;
  section.end();
  return { namespace, labels };
}
