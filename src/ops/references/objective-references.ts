import type { YamlMap, YamlPlace } from "../../yaml/yaml-map.ts";
import type { SeriesSelector } from "../prometheus/promql.ts";
import type { FoundObjective } from "../slo/files/found-objective.ts";
import type { CounterSelection, Indicator, RequestSelection } from "../slo/objective.ts";
import { metricNamesIn } from "./query-names.ts";
import type { Reference, SeriesScope } from "./reference.ts";

const REQUESTS = "http_server_request_duration_seconds";

type Of<Kind extends Indicator["kind"]> = Extract<Indicator, { readonly kind: Kind }>;

/** Returns the names in an objective that something in Prometheus has to have. */
export function objectiveReferences({ objective, map }: FoundObjective): readonly Reference[] {
  const { indicator } = objective;
  switch (indicator.kind) {
    case "availability":
      return requestReferences(map, "availability", indicator.selection);
    case "latency":
      return [
        ...requestReferences(map, "latency", indicator.selection),
        boundaryReference(map, indicator),
      ];
    case "job":
    case "queue":
      return freshnessReferences(map, indicator);
    case "counters":
      return counterReferences(map, indicator.selection);
    case "threshold":
      return queryReferences(queryPlace(map), [indicator.query], indicator.query);
    case "events": {
      const [failed, total] = [indicator.failed(WINDOW), indicator.total(WINDOW)];
      return queryReferences(queryPlace(map), [failed, total], total);
    }
    case "ratio":
      // Without a failure, it may have no result.
      return queryReferences(queryPlace(map), [indicator.failedRatio(WINDOW)]);
  }
}

/** The window of queries that are asked. */
const WINDOW = "7d";

function serviceReference(map: YamlMap, service: string | undefined): Reference[] {
  if (service === undefined) return [];
  const place = map.placeOf("service");
  return [{ place, what: "a service", name: service, lookup: { kind: "service" } }];
}

function requestReferences(
  map: YamlMap,
  key: "availability" | "latency",
  { service, routes }: RequestSelection,
): Reference[] {
  const own = map.map(key);
  const series = scopeOf(`${REQUESTS}_count`, service);
  return [
    ...serviceReference(map, service),
    ...routes.map((name): Reference => ({
      ...{ place: (own ?? map).placeOf("routes", name), what: "a route", name },
      lookup: { kind: "value", label: "http_route", series },
    })),
  ];
}

function boundaryReference(map: YamlMap, indicator: Of<"latency">): Reference {
  const { selection, thresholdSeconds } = indicator;
  return {
    place: (map.map("latency") ?? map).placeOf("threshold"),
    what: "a bucket boundary in seconds",
    name: String(thresholdSeconds),
    lookup: {
      ...{ kind: "value", label: "le" },
      series: scopeOf(`${REQUESTS}_bucket`, selection.service),
    },
  };
}

function freshnessReferences(map: YamlMap, indicator: Of<"job" | "queue">): Reference[] {
  const own = map.map("freshness") ?? map;
  const isJob = indicator.kind === "job";
  const name = isJob ? indicator.job : indicator.queue;
  // A job that has never succeeded has no time of its last success, and runs that are counted.
  const metric = isJob
    ? "telltale_job_duration_seconds_count"
    : "telltale_queue_oldest_age_seconds";
  return [
    ...serviceReference(map, indicator.service),
    {
      ...{ place: own.placeOf(indicator.kind), what: isJob ? "a job" : "a queue", name },
      lookup: {
        kind: "value",
        label: isJob ? "telltale_job_name" : "messaging_destination_name",
        series: scopeOf(metric, indicator.service),
      },
    },
  ];
}

function counterReferences(map: YamlMap, selection: CounterSelection): Reference[] {
  const { service, total, part, isGood, by } = selection;
  const own = map.map("ratio") ?? map;
  return [
    ...serviceReference(map, service),
    ...selectorReferences(own.placeOf("total"), total, service, true),
    ...selectorReferences(own.placeOf(isGood ? "good" : "failed"), part, service, isGood),
    ...by.map((name): Reference => ({
      ...{ place: own.placeOf("by", name), what: `a label of ${total.name}`, name },
      lookup: { kind: "label", series: scopeOf(total.name, service) },
    })),
  ];
}

/** @param hasEvents whether there have to be events; failures may not have happened yet. */
function selectorReferences(
  place: YamlPlace,
  { name: metric, matchers }: SeriesSelector,
  service: string | undefined,
  hasEvents: boolean,
): Reference[] {
  const series = scopeOf(metric, service);
  const labels = [...new Set(matchers.map(([label]) => label))];
  return [
    { place, what: "a metric", name: metric, lookup: { kind: "metric" } },
    ...labels.map((name): Reference => ({
      ...{ place, what: `a label of ${metric}`, name },
      lookup: { kind: "label", series },
    })),
    ...matchers.flatMap(([label, operator, value]): Reference[] => {
      const what = `a value of ${label}`;
      const shared = { label, series } as const;
      if (operator === "=" && value !== "")
        return [
          {
            ...{ place, what, name: value },
            lookup: { kind: "value", ...shared, mayBeMissing: !hasEvents },
          },
        ];
      if (operator !== "=~" || !hasEvents) return [];
      const matched = { ...series, matchers: [[label, operator, value] as const] };
      return [{ place, what, name: value, lookup: { kind: "matched", label, series: matched } }];
    }),
  ];
}

/**
 * @param queries whose metrics have to exist.
 * @param total the query that has to have a result.
 */
function queryReferences(
  place: YamlPlace,
  queries: readonly string[],
  total?: string,
): Reference[] {
  const metrics = [...new Set(queries.flatMap(metricNamesIn))];
  return [
    ...metrics.map((name): Reference => ({
      ...{ place, what: "a metric", name },
      lookup: { kind: "metric" },
    })),
    ...(total === undefined
      ? []
      : [
          {
            ...{ place, what: "a query with a result", name: total },
            lookup: { kind: "query", query: total } as const,
          },
        ]),
  ];
}

/** Where the queries of an objective of Sloth or OpenSLO are. */
function queryPlace(map: YamlMap): YamlPlace {
  return map.placeOf(["sli", "spec"].find((key) => map.has(key)) ?? "name");
}

function scopeOf(metric: string, service: string | undefined): SeriesScope {
  return { metric, ...(service !== undefined && { service }) };
}
