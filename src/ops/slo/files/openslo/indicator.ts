import { ANY_TEXT } from "../../../../yaml/text-rules.ts";
import type { YamlMap } from "../../../../yaml/yaml-map.ts";
import { parseSelector } from "../../../prometheus/parse-selector.ts";
import { selector } from "../../../prometheus/promql.ts";
import type { Indicator, WindowQuery } from "../../objective.ts";
import { functionOf, withoutControlCharacters, withWindow } from "../window-query.ts";
import type { Named } from "./object.ts";
import { readReference } from "./object.ts";

/** An indicator, of which an objective may have the threshold. */
export type OpenSloIndicator =
  | Extract<Indicator, { readonly kind: "events" | "ratio" }>
  | { readonly kind: "threshold"; readonly query: string };

/** Reads the specification of an SLI. Undefined: what is wrong is reported. */
export function readIndicator(spec: YamlMap, sources: Named<string>): OpenSloIndicator | undefined {
  const [threshold, ratio] = [spec.map("thresholdMetric"), spec.map("ratioMetric")];
  spec.end();
  if (threshold !== undefined && ratio === undefined) {
    const query = readQuery(threshold, sources);
    return query === undefined ? undefined : { kind: "threshold", query };
  }
  if (ratio !== undefined && threshold === undefined) return readRatio(ratio, sources);
  spec.problem("ratioMetric", "expected either ratioMetric or thresholdMetric");
  return undefined;
}

function readRatio(ratio: YamlMap, sources: Named<string>): OpenSloIndicator | undefined {
  const isCounter = ratio.flag("counter");
  const read = (key: string): Counted | undefined => {
    const metric = ratio.map(key);
    const query = metric && readQuery(metric, sources);
    return metric && query !== undefined ? readCounted(metric, query, isCounter) : undefined;
  };
  if (ratio.has("raw")) return readRaw(ratio, sources);
  const [good, bad, total] = [read("good"), read("bad"), read("total")];
  const isComplete = ratio.has("total") && ratio.has("good") !== ratio.has("bad");
  if (!isComplete) ratio.problem("total", "expected total, and either good or bad; or raw");
  ratio.end();
  const part = good ?? bad;
  if (!isComplete || part === undefined || total === undefined) return undefined;
  if (part.perSecond !== total.perSecond) {
    ratio.problem("total", "expected rate() in both queries, or increase() in both");
    return undefined;
  }
  const failed = good === undefined ? part.query : withoutGood(total.query, part.query);
  return { kind: "events", failed, total: total.query, perSecond: total.perSecond };
}

/** Without a series of good events all have failed. */
function withoutGood(total: WindowQuery, good: WindowQuery): WindowQuery {
  return (window) => {
    const all = `(${total(window)})`;
    return `clamp_min(${all} - ((${good(window)}) or 0 * ${all}), 0)`;
  };
}

interface Counted {
  readonly query: WindowQuery;
  readonly perSecond: boolean;
}

/** `sum(SELECTOR)`, or `sum by (LABELS) (SELECTOR)`. */
const SUM = /^sum(?:\s{0,9}by\s{0,9}\(([\w\s,]{0,999})\))?\s{0,9}\(([^()]{1,9999})\)$/;

function readCounted(metric: YamlMap, query: string, isCounter: boolean): Counted | undefined {
  const counting = functionOf(query);
  const windowed = withWindow(query);
  if (counting !== undefined && windowed !== undefined)
    return { query: windowed, perSecond: counting === "rate" };
  const [, labels, inner] = SUM.exec(query) ?? [];
  const series = parseSelector(inner ?? query);
  if (isCounter && series !== undefined) {
    const by = labels === undefined ? "" : ` by (${labels.trim()})`;
    const text = selector(series.name, series.matchers);
    return { query: (window) => `sum${by} (increase(${text}[${window}]))`, perSecond: false };
  }
  metric.problem(
    "metricSource",
    isCounter
      ? "expected a counter such as sum(orders_total), or rate() or increase() of one"
      : "expected rate() or increase() with a range, or counter: true",
  );
  return undefined;
}

function readRaw(ratio: YamlMap, sources: Named<string>): OpenSloIndicator | undefined {
  const type = ratio.required("rawType", {
    pattern: /^(?:success|failure)$/,
    expected: "success or failure",
  });
  ratio.refuse(["good", "bad", "total"], "raw excludes it");
  const raw = ratio.map("raw");
  const query = raw && readQuery(raw, sources);
  ratio.end();
  if (raw === undefined || type === undefined || query === undefined) return undefined;
  const series = parseSelector(query);
  const ratioQuery: WindowQuery | undefined =
    series === undefined
      ? withWindow(query)
      : (window) => `avg_over_time(${selector(series.name, series.matchers)}[${window}])`;
  if (ratioQuery === undefined) {
    raw.problem("metricSource", "expected a metric, or a query with {{.window}}");
    return undefined;
  }
  return {
    kind: "ratio",
    failedRatio: type === "failure" ? ratioQuery : (window) => `1 - (${ratioQuery(window)})`,
  };
}

const PROMETHEUS = /^prometheus$/i;

/** Reads the query of a `metricSource`, which has to be of Prometheus. */
function readQuery(metric: YamlMap, sources: Named<string>): string | undefined {
  const source = metric.map("metricSource");
  if (!metric.has("metricSource")) metric.problem("metricSource", "is missing, expected a map");
  metric.end();
  if (source === undefined) return undefined;
  const referenced = readReference(source, "metricSourceRef", "DataSource", sources);
  const type = source.text("type", ANY_TEXT) ?? referenced ?? "Prometheus";
  const spec = source.map("spec");
  source.end();
  if (!PROMETHEUS.test(type)) {
    source.problem("type", `received ${JSON.stringify(type.slice(0, 60))}, expected Prometheus`);
    return undefined;
  }
  if (spec === undefined) source.problem("spec", "is missing, expected a map with a query");
  const query = spec && spec.required("query", { pattern: /\S/, expected: "PromQL" });
  spec?.end();
  return query === undefined ? undefined : withoutControlCharacters(query);
}

/** Reads the specification of a DataSource. Returns its type. */
export function readDataSource(spec: YamlMap): string | undefined {
  const type = spec.required("type", ANY_TEXT);
  // Any keys, and credentials, which the rules do not need.
  spec.map("connectionDetails");
  spec.end();
  return type;
}
