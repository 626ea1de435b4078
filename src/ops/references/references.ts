import type { YamlMap } from "../../yaml/yaml-map.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import type { FoundObjective } from "../slo/files/found-objective.ts";
import { objectiveReferences } from "./objective-references.ts";
import type { Reference } from "./reference.ts";

/**
 * Returns the names in a file of options that something in Prometheus has to have: services,
 * routes, metrics, labels, jobs, queues and addresses.
 *
 * @param document the file, which is valid.
 * @param found the objectives that it has, or whose files it names.
 */
export function referencesOf(
  document: YamlMap,
  options: OpsOptions,
  found: readonly FoundObjective[],
): readonly Reference[] {
  return [
    ...serviceReferences(document.map("services"), "a service"),
    ...serviceReferences(document.map("prometheus")?.map("targets"), "a job"),
    ...businessReferences(document.map("business"), options),
    ...uptimeReferences(document.map("uptime"), options),
    ...found.flatMap(objectiveReferences),
  ];
}

function serviceReferences(services: YamlMap | undefined, what: string): Reference[] {
  return (services?.keys ?? []).map((name) => ({
    ...{ place: services!.placeOf(name), what, name },
    lookup: { kind: "service" },
  }));
}

function businessReferences(business: YamlMap | undefined, options: OpsOptions): Reference[] {
  return options.business.flatMap(({ metric, by }): Reference[] => {
    if (business === undefined) return [];
    const counter = business.map(metric);
    return [
      {
        ...{ place: business.placeOf(metric), what: "a metric", name: metric },
        lookup: { kind: "metric" },
      },
      ...by.map((name): Reference => ({
        ...{ place: (counter ?? business).placeOf("by", name), what: `a label of ${metric}`, name },
        lookup: { kind: "label", series: { metric } },
      })),
    ];
  });
}

function uptimeReferences(uptime: YamlMap | undefined, options: OpsOptions): Reference[] {
  if (uptime === undefined) return [];
  return options.uptime.urls.map((name) => ({
    ...{ place: uptime.placeOf("urls", name), what: "an address that is probed", name },
    lookup: { kind: "value", label: "instance", series: { metric: "probe_success" } },
  }));
}
