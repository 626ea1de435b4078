import { ProtobufWriter } from "../../export/otlp/protobuf-writer.ts";
import type { SummaryValue } from "../../export/summary-data.ts";
import type { BucketRange, ExponentialValue } from "../series/exponential-buckets.ts";
import type { FamilyType } from "./names.ts";
import { nativeBuckets } from "./native-histogram.ts";

/*
 * Messages of Prometheus' protobuf format, `io.prometheus.client`. A tag is
 * `number << 3 | type`, with the types varint 0, 64 bit 1, length-delimited 2.
 * https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 */

export interface FamilyHead {
  /** The name of the samples; of histograms and summaries, that without a suffix. */
  readonly name: string;
  readonly help: string;
  readonly type: FamilyType;
  readonly unit: string;
}

export interface EncodedExemplar {
  /** Encoded by `protobufLabels`. */
  readonly labels: string;
  readonly value: number;
  /** Seconds since 1970. */
  readonly at: number | undefined;
}

export interface ClassicBucket {
  readonly limit: number;
  /** The number of values up to the limit. */
  readonly count: number;
  readonly exemplar: EncodedExemplar | undefined;
}

export interface HistogramFields {
  readonly count: number;
  readonly sum: number | undefined;
  readonly buckets: Iterable<ClassicBucket>;
  readonly native?: NativeFields | undefined;
}

export interface NativeFields {
  readonly value: ExponentialValue;
  /** In the order of their times. */
  readonly exemplars: Iterable<EncodedExemplar>;
}

/** `MetricType`. There is none for an info, which is a gauge of 1. */
const types: Readonly<Record<FamilyType, number>> = {
  counter: 0,
  gauge: 1,
  summary: 2,
  histogram: 4,
  info: 1,
};

/** The bytes of most histograms need two for their number. */
const METRIC_LENGTH_BYTES = 2;
const FAMILY_LENGTH_BYTES = 3;

/** Writes one `MetricFamily` after the other. Labels are texts that `protobufLabels` has encoded. */
export class FamilyWriter {
  readonly #writer = new ProtobufWriter(16 * 1024);
  #start = 0;

  begin({ name, help, type, unit }: FamilyHead): void {
    const writer = this.#writer;
    writer.reset();
    // Its tag is cut off: in a stream a message begins with its length.
    this.#start = writer.beginMessage(0, FAMILY_LENGTH_BYTES);
    writer.string(0x0a, name);
    if (help !== "") writer.string(0x12, help);
    writer.uint(0x18, types[type]);
    if (unit !== "") writer.string(0x2a, unit);
  }

  /** Returns the family, with its length before it. */
  end(): Uint8Array {
    this.#writer.endMessage(this.#start, FAMILY_LENGTH_BYTES);
    return this.#writer.toBytes().subarray(1);
  }

  gauge(labels: string, value: number): void {
    const metric = this.#beginMetric(labels);
    const message = this.#writer.beginMessage(0x12);
    this.#writer.double(0x09, value);
    this.#writer.endMessage(message);
    this.#endMetric(metric);
  }

  /** @param createdAt in seconds since 1970. */
  counter(
    labels: string,
    value: number,
    exemplar: EncodedExemplar | undefined,
    createdAt?: number,
  ): void {
    const metric = this.#beginMetric(labels);
    const message = this.#writer.beginMessage(0x1a);
    this.#writer.double(0x09, value);
    this.#exemplar(0x12, exemplar);
    this.#timestamp(0x1a, createdAt);
    this.#writer.endMessage(message);
    this.#endMetric(metric);
  }

  summary(labels: string, { count, sum, quantiles }: SummaryValue, createdAt?: number): void {
    const writer = this.#writer;
    const metric = this.#beginMetric(labels);
    const message = writer.beginMessage(0x22);
    writer.uint(0x08, countOf(count));
    writer.double(0x11, sum);
    for (const { quantile, value } of quantiles) {
      const entry = writer.beginMessage(0x1a);
      writer.double(0x09, quantile);
      writer.double(0x11, value);
      writer.endMessage(entry);
    }
    this.#timestamp(0x22, createdAt);
    writer.endMessage(message);
    this.#endMetric(metric);
  }

  histogram(
    labels: string,
    { count, sum, buckets, native }: HistogramFields,
    createdAt?: number,
  ): void {
    const writer = this.#writer;
    const metric = this.#beginMetric(labels);
    const message = writer.beginMessage(0x3a, METRIC_LENGTH_BYTES);
    writer.uint(0x08, countOf(count));
    if (sum !== undefined) writer.double(0x11, sum);
    for (const bucket of buckets) this.#bucket(bucket);
    if (native !== undefined) this.#nativeBuckets(native.value);
    this.#timestamp(0x7a, createdAt);
    for (const exemplar of native?.exemplars ?? []) {
      // The tag of field 16 has two bytes, 0x82 and 0x01.
      writer.rawText("\x82");
      this.#exemplar(0x01, exemplar);
    }
    writer.endMessage(message, METRIC_LENGTH_BYTES);
    this.#endMetric(metric);
  }

  #bucket({ limit, count, exemplar }: ClassicBucket): void {
    const message = this.#writer.beginMessage(0x1a);
    this.#writer.uint(0x08, countOf(count));
    this.#writer.double(0x11, limit);
    this.#exemplar(0x1a, exemplar);
    this.#writer.endMessage(message);
  }

  /** Writes the buckets; those of zero have the width zero, the default. */
  #nativeBuckets({ scale, zeroCount, positive, negative }: ExponentialValue): void {
    const writer = this.#writer;
    writer.uint(0x28, zigzag(scale));
    writer.uint(0x38, countOf(zeroCount));
    this.#buckets(negative, 0x4a, 0x52);
    this.#buckets(positive, 0x62, 0x6a);
    const isEmpty = positive.bucketCounts.length === 0 && negative.bucketCounts.length === 0;
    // Without any of these fields it would be a classic histogram.
    if (isEmpty && zeroCount === 0) writer.endMessage(writer.beginMessage(0x62));
  }

  #buckets(range: BucketRange, spanTag: number, deltaTag: number): void {
    const { spans, deltas } = nativeBuckets(range);
    if (spans.length === 0) return;
    const writer = this.#writer;
    for (const { offset, length } of spans) {
      const span = writer.beginMessage(spanTag);
      writer.uint(0x08, zigzag(offset));
      writer.uint(0x10, length);
      writer.endMessage(span);
    }
    const packed = writer.beginMessage(deltaTag, METRIC_LENGTH_BYTES);
    for (const delta of deltas) writer.varint(zigzag(delta));
    writer.endMessage(packed, METRIC_LENGTH_BYTES);
  }

  #beginMetric(labels: string): number {
    const start = this.#writer.beginMessage(0x22, METRIC_LENGTH_BYTES);
    this.#writer.rawText(labels);
    return start;
  }

  #endMetric(start: number): void {
    this.#writer.endMessage(start, METRIC_LENGTH_BYTES);
  }

  #exemplar(tag: number, exemplar: EncodedExemplar | undefined): void {
    if (exemplar === undefined) return;
    const message = this.#writer.beginMessage(tag);
    this.#writer.rawText(exemplar.labels);
    this.#writer.double(0x11, exemplar.value);
    this.#timestamp(0x1a, exemplar.at);
    this.#writer.endMessage(message);
  }

  #timestamp(tag: number, seconds: number | undefined): void {
    if (seconds === undefined || !(Math.abs(seconds) < MAX_TIMESTAMP)) return;
    const whole = Math.floor(seconds);
    const message = this.#writer.beginMessage(tag);
    this.#writer.int(0x08, whole);
    const micros = Math.round((seconds - whole) * 1e6);
    this.#writer.uint(0x10, Math.min(micros, 999_999) * 1e3);
    this.#writer.endMessage(message);
  }
}

/** Encodes a signed integer so that small ones are short. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** The end of the year 9999, the last one of protobuf's `Timestamp`. */
const MAX_TIMESTAMP = 253_402_300_800;

/** Returns a count as an integer: the app may have put anything into its registry. */
function countOf(value: number): number {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER ? Math.trunc(value) : 0;
}
