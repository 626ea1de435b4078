import { type OtlpAttributes, attributesOf } from "../../otlp/attributes.ts";
import { asList, asNumber, asObject, asOptionalNumber, asText } from "../../otlp/fields.ts";
import type { JsonObject } from "../../otlp/protobuf.ts";
import { truncate } from "../../text.ts";
import type { MetricSeries } from "../model.ts";
import { millisecondsOf } from "./units/milliseconds.ts";
import type { OtlpItem } from "./items/otlp-items.ts";
import { runIdOf, serviceOf } from "./units/service.ts";

const MAX_SERIES = 2000;
const MAX_POINTS = 300;
const MAX_TEXT = 300;

/** `AGGREGATION_TEMPORALITY_DELTA` of OTLP. */
const DELTA = 1;

/** Types of metrics, which are names of their data. */
const TYPES = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];

/** Returns the time of the first point of a metric; undefined without points. */
export function timeOfMetric(metric: JsonObject): number | undefined {
  for (const type of TYPES) {
    const [point] = asList(asObject(metric[type])["dataPoints"]);
    if (point !== undefined) return millisecondsOf(point["timeUnixNano"]);
  }
  return undefined;
}

/** What the points of a chart are: values as they were sent, a rate per second, or a mean. */
type Statistic = NonNullable<MetricSeries["statistic"]>;

interface Total {
  readonly time: number;
  readonly value: number;
  readonly count: number;
}

interface Series {
  readonly series: Omit<MetricSeries, "points">;
  readonly points: { time: number; value: number }[];
  /** The last cumulative value. */
  last: Total | undefined;
}

/**
 * The metrics of the services as series for charts. Counters become rates; histograms
 * become the rate and the mean of their values.
 */
export class MetricBook {
  readonly #series = new Map<string, Series>();

  add(item: OtlpItem): void {
    const { value: metric } = item;
    for (const type of TYPES) {
      const data = metric[type];
      if (data === undefined) continue;
      const { aggregationTemporality, isMonotonic, dataPoints } = asObject(data);
      const isDelta = asNumber(aggregationTemporality) === DELTA;
      for (const point of asList(dataPoints)) {
        if (type === "gauge" || (type === "sum" && isMonotonic !== true)) {
          this.#addValue(item, point, type === "sum" && isDelta);
        } else this.#addTotals(item, point, type === "sum", isDelta);
      }
    }
  }

  list(service: string | undefined): MetricSeries[] {
    return [...this.#series.values()]
      .filter(
        ({ series, points }) => (service ?? series.service) === series.service && points.length > 0,
      )
      .map(({ series, points }) => ({ ...series, points: [...points] }))
      .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  clear(): void {
    this.#series.clear();
  }

  #addValue(item: OtlpItem, point: JsonObject, isDelta: boolean): void {
    const value = asOptionalNumber(point["asDouble"] ?? point["asInt"]);
    if (value === undefined) return;
    const entry = this.#seriesOf(item, point, "value");
    const before = isDelta ? (entry.points.at(-1)?.value ?? 0) : 0;
    push(entry, millisecondsOf(point["timeUnixNano"]), before + value);
  }

  #addTotals(item: OtlpItem, point: JsonObject, isCounter: boolean, isDelta: boolean): void {
    const time = millisecondsOf(point["timeUnixNano"]);
    const value = asOptionalNumber(
      isCounter ? (point["asDouble"] ?? point["asInt"]) : point["sum"],
    );
    const count = isCounter ? (value ?? 0) : asNumber(point["count"]);
    const total = { time, value: value ?? 0, count };
    const rate = this.#seriesOf(item, point, "rate");
    const started = millisecondsOf(point["startTimeUnixNano"]);
    const increase = increaseOf(rate, total, isDelta ? started : undefined);
    if (increase === undefined) return;
    push(rate, time, increase.count / Math.max(increase.seconds, 0.001));
    if (isCounter || value === undefined || increase.count === 0) return;
    push(this.#seriesOf(item, point, "mean"), time, increase.value / increase.count);
  }

  #seriesOf(
    { value: metric, resource }: OtlpItem,
    point: JsonObject,
    statistic: Statistic,
  ): Series {
    const name = truncate(asText(metric["name"]), MAX_TEXT);
    const attributes = attributesOf(point["attributes"]);
    const run = runIdOf(resource.attributes);
    const key = JSON.stringify([run, name, statistic, attributes]);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const created = createSeries(
      metric,
      name,
      serviceOf(resource.attributes),
      attributes,
      statistic,
    );
    if (this.#series.size >= MAX_SERIES) {
      for (const oldest of this.#series.keys()) {
        this.#series.delete(oldest);
        break;
      }
    }
    this.#series.set(key, created);
    return created;
  }
}

function createSeries(
  metric: JsonObject,
  name: string,
  service: string,
  attributes: OtlpAttributes,
  statistic: Statistic,
): Series {
  // The rate of a histogram is how many values it gets, whatever their unit.
  const isCountOfValues = statistic === "rate" && metric["sum"] === undefined;
  const unit = isCountOfValues ? "1" : truncate(asText(metric["unit"]), MAX_TEXT);
  const description = truncate(asText(metric["description"]), MAX_TEXT);
  return {
    series: { name, unit, description, service, attributes, statistic },
    points: [],
    last: undefined,
  };
}

/** Returns what was added since the last point; undefined for the first one and after a restart. */
function increaseOf(
  series: Series,
  total: Total,
  deltaSince: number | undefined,
): { value: number; count: number; seconds: number } | undefined {
  if (deltaSince !== undefined) return { ...total, seconds: (total.time - deltaSince) / 1000 };
  const { last } = series;
  series.last = total;
  if (last === undefined || total.count < last.count || total.time <= last.time) return undefined;
  return {
    value: total.value - last.value,
    count: total.count - last.count,
    seconds: (total.time - last.time) / 1000,
  };
}

function push({ points }: Series, time: number, value: number): void {
  if (!Number.isFinite(value)) return;
  points.push({ time, value });
  if (points.length > MAX_POINTS) points.shift();
}
