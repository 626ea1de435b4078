import assert from "node:assert/strict";
import { canonicalNumber } from "../../src/metrics/prometheus/text.ts";
import { createDecoder } from "../../src/otlp/protobuf.ts";
import type { ExpositionSample } from "./exposition.ts";

/** `io.prometheus.client`, https://github.com/prometheus/client_model. */
const decode = createDecoder({
  MetricFamily: "1 name string, 2 help string, 3 type uint32, 4 metric Metric[], 5 unit string",
  Metric:
    "1 label LabelPair[], 2 gauge Value, 3 counter Value, 4 summary Summary, 7 histogram Histogram",
  LabelPair: "1 name string, 2 value string",
  Value: "1 value double, 2 exemplar Exemplar, 3 start Timestamp",
  Summary: "1 count int64, 2 sum double, 3 quantile Quantile[], 4 start Timestamp",
  Quantile: "1 quantile double, 2 value double",
  Histogram:
    "1 count int64, 2 sum double, 3 bucket Bucket[], 5 schema sint32, 6 zeroThreshold double, 7 zeroCount int64, 9 negativeSpan Span[], 10 negativeDelta int64[], 12 positiveSpan Span[], 13 positiveDelta int64[], 15 start Timestamp, 16 exemplars Exemplar[]",
  Bucket: "1 count int64, 2 limit double, 3 exemplar Exemplar",
  Span: "1 offset sint32, 2 length uint32",
  Exemplar: "1 label LabelPair[], 2 value double, 3 timestamp Timestamp",
  Timestamp: "1 seconds int64, 2 nanos uint32",
});

interface Pair {
  readonly name: string;
  readonly value?: string;
}

interface Timestamp {
  readonly seconds: string;
  readonly nanos?: number;
}

export interface ProtobufExemplar {
  readonly label: readonly Pair[];
  readonly value: number;
  readonly timestamp?: Timestamp;
}

export interface ProtobufHistogram {
  readonly count: string;
  readonly sum?: number | string;
  readonly bucket: readonly {
    readonly count: string;
    readonly limit: number | string;
    readonly exemplar?: ProtobufExemplar;
  }[];
  readonly schema?: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: string;
  readonly positiveSpan?: readonly { readonly offset: number; readonly length: number }[];
  /** Zigzag-encoded. */
  readonly positiveDelta?: readonly string[];
  readonly negativeSpan?: ProtobufHistogram["positiveSpan"];
  readonly negativeDelta?: readonly string[];
  readonly start?: Timestamp;
  readonly exemplars?: readonly ProtobufExemplar[];
}

interface Value {
  readonly value: number | string;
  readonly exemplar?: ProtobufExemplar;
  readonly start?: Timestamp;
}

export interface ProtobufMetric {
  readonly label?: readonly Pair[];
  readonly gauge?: Value;
  readonly counter?: Value;
  readonly summary?: {
    readonly count: string;
    readonly sum: number | string;
    readonly quantile?: readonly { readonly quantile: number; readonly value: number }[];
    readonly start?: Timestamp;
  };
  readonly histogram?: ProtobufHistogram;
}

export interface ProtobufFamily {
  readonly name: string;
  readonly help?: string;
  readonly type?: number;
  readonly unit?: string;
  readonly metric: readonly ProtobufMetric[];
}

const types = ["counter", "gauge", "summary", "untyped", "histogram"];

/** Reads messages that follow each other, each with its length before it. */
export function parseProtobufPage(page: Uint8Array): readonly ProtobufFamily[] {
  const families: ProtobufFamily[] = [];
  let at = 0;
  while (at < page.length) {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = page[at++]!;
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    assert.ok(at + length <= page.length, "a family is complete");
    const family = decode("MetricFamily", page.subarray(at, at + length));
    families.push(family as unknown as ProtobufFamily);
    at += length;
  }
  return families;
}

export function typeOf({ type = 0 }: ProtobufFamily): string {
  return types[type] ?? `${type}`;
}

export function labelsOf(pairs: readonly Pair[] = []): Record<string, string> {
  const entries = pairs.map(({ name, value = "" }): [string, string] => [name, value]);
  assert.equal(new Set(entries.map(([name]) => name)).size, entries.length, "a label twice");
  return Object.fromEntries(entries);
}

/** Returns the samples that the text format has for these families. */
export function samplesOfFamilies(families: readonly ProtobufFamily[]): ExpositionSample[] {
  return families.flatMap((family) =>
    family.metric.flatMap((metric) => samplesOfMetric(family.name, metric)),
  );
}

function samplesOfMetric(name: string, metric: ProtobufMetric): ExpositionSample[] {
  const labels = labelsOf(metric.label);
  const { gauge, counter, summary, histogram } = metric;
  const sample = (
    suffix: string,
    value: number | string,
    more: Readonly<Record<string, string>> = {},
  ): ExpositionSample => ({
    name: name + suffix,
    labels: { ...labels, ...more },
    value: Number(value),
  });
  if (histogram !== undefined) {
    return [
      ...histogram.bucket.map(({ count, limit }) =>
        sample("_bucket", count, { le: limitText(limit) }),
      ),
      ...(histogram.sum === undefined ? [] : [sample("_sum", histogram.sum)]),
      sample("_count", histogram.count),
    ];
  }
  if (summary !== undefined) {
    const { quantile: quantiles = [], sum, count } = summary;
    return [
      ...quantiles.map(({ quantile, value }) =>
        sample("", value, { quantile: canonicalNumber(quantile) }),
      ),
      sample("_sum", sum),
      sample("_count", count),
    ];
  }
  return [sample("", (counter ?? gauge)!.value)];
}

/** Returns the counts of the positive buckets of a native histogram by their indexes, and checks the message. */
export function nativeCounts(histogram: ProtobufHistogram): ReadonlyMap<number, number> {
  const { positiveSpan: spans = [], positiveDelta: deltas = [], zeroCount } = histogram;
  const counts = new Map<number, number>();
  let index = 0;
  let count = 0;
  let at = 0;
  for (const [position, { offset, length }] of spans.entries()) {
    if (position > 0) assert.ok(offset >= 0, "spans are in order");
    index += offset;
    const end = index + length;
    for (; index < end; index += 1) {
      count += zigzag(deltas[at++]!);
      if (count > 0) counts.set(index, count);
      assert.ok(count >= 0, "no count is negative");
    }
  }
  assert.equal(at, deltas.length, "each bucket of a span has a count");
  const total = [...counts.values()].reduce((sum, one) => sum + one, Number(zeroCount ?? 0));
  assert.equal(total, Number(histogram.count), "the buckets have all values");
  return counts;
}

function zigzag(text: string): number {
  const value = BigInt.asUintN(64, BigInt(text));
  return Number((value >> 1n) ^ -(value & 1n));
}

function limitText(limit: number | string): string {
  return limit === "Infinity" ? "+Inf" : canonicalNumber(Number(limit));
}
