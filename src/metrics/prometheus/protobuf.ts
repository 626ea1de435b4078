import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { Exemplar, PageHistogram } from "../exemplars.ts";
import { registryProtobuf } from "../registries/registry-protobuf.ts";
import { claimedNames, familiesOf, type MetricFamily } from "./families.ts";
import {
  type ClassicBucket,
  type EncodedExemplar,
  FamilyWriter,
  type NativeFields,
} from "./family-writer.ts";
import { protobufLabels } from "./label-syntax.ts";
import { NO_LABELS } from "./labels.ts";
import { withSchema } from "./native-histogram.ts";
import type { PageOptions } from "./page-options.ts";
import { collectPoints, sampleCount, type SampleSource, SAMPLES_PER_PIECE } from "./points.ts";

const NOTHING = new Uint8Array();

/**
 * Renders the page in protobuf, with all that the text formats have, native histograms, and
 * the start of counters, histograms and summaries. A piece is a family, or empty, after some hundred
 * samples, so that the caller can yield to the app.
 */
export function* prometheusProtobuf(
  metrics: ResourceMetrics,
  options: PageOptions,
): IterableIterator<Uint8Array> {
  const { labels, config, style, onConflict } = options;
  const writer = new FamilyWriter();
  const { list, conflicts } = familiesOf(metrics, options);
  for (const conflict of conflicts) onConflict(conflict);
  if (config.targetInfo) {
    writer.begin({ name: "target_info", help: "Target metadata", type: "info", unit: "" });
    writer.gauge(labels.of(metrics.resource.attributes, NO_LABELS, false), 1);
    yield writer.end();
  }
  for (const family of list) yield* familyPieces(writer, family, options);
  yield* registryProtobuf(writer, options.registryMetrics ?? [], {
    format: style.format,
    claimed: claimedNames(list),
    onConflict,
  });
}

function* familyPieces(
  writer: FamilyWriter,
  family: MetricFamily,
  options: PageOptions,
): IterableIterator<Uint8Array> {
  const points = new Map<string, SampleSource>();
  for (const _ of collectPoints(family, options, points)) yield NOTHING;
  const { sample: name, help, type, unit } = family;
  writer.begin({ name, help, type, unit });
  let samples = 0;
  for (const [labels, point] of points) {
    writeMetric(writer, family, labels, point);
    samples += sampleCount(point.value);
    if (samples < SAMPLES_PER_PIECE) continue;
    yield NOTHING;
    samples = 0;
  }
  yield writer.end();
}

function writeMetric(
  writer: FamilyWriter,
  { type }: MetricFamily,
  labels: string,
  { value, exemplar, createdAt }: SampleSource,
): void {
  if (typeof value === "number") {
    if (type === "counter")
      writer.counter(labels, value, exemplar && encodedExemplar(exemplar), createdAt);
    else writer.gauge(labels, value);
  } else if ("quantiles" in value) {
    writer.summary(labels, value, createdAt);
  } else {
    const { count, sum } = value;
    const buckets = bucketsOf(value);
    writer.histogram(labels, { count, sum, buckets, native: nativeOf(value) }, createdAt);
  }
}

function nativeOf({ native, exemplars = [] }: PageHistogram): NativeFields | undefined {
  const value = native && withSchema(native);
  if (value === undefined) return undefined;
  const sorted = exemplars
    .filter((exemplar) => exemplar !== undefined)
    .toSorted((a, b) => a.at - b.at);
  return { value, exemplars: sorted.map(encodedExemplar) };
}

function* bucketsOf({
  buckets: { boundaries, counts },
  exemplars,
}: PageHistogram): IterableIterator<ClassicBucket> {
  let count = 0;
  for (const [index, own] of counts.entries()) {
    count += own;
    yield {
      limit: boundaries[index] ?? Infinity,
      count,
      exemplar: exemplars?.[index] && encodedExemplar(exemplars[index]),
    };
  }
}

function encodedExemplar({ traceId, spanId, value, at }: Exemplar): EncodedExemplar {
  const { label } = protobufLabels;
  return { labels: label("trace_id", traceId) + label("span_id", spanId), value, at: at / 1000 };
}
