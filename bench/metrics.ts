import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Attributes, Meter } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { type PreloadApi, publishApi } from "../src/api.ts";
import { Diagnostics } from "../src/diagnostics/diagnostics.ts";
import { histogram, summary } from "../src/index.ts";
import { createAppInstruments } from "../src/metrics/app-instruments.ts";
import { SECONDS_BOUNDARIES } from "../src/metrics/boundaries.ts";
import { exemplarFilters } from "../src/metrics/exemplars.ts";
import { MetricStore } from "../src/metrics/store.ts";
import type { StoreMeter } from "../src/metrics/store-meter.ts";
import { noRedactor } from "../src/redaction/redactor.ts";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { machine, median } from "./measures.ts";

/*
 * Measures with `node bench/metrics.ts` the nanoseconds of a measurement and the bytes of a
 * series, of telltale and of OpenTelemetry's SDK in the same run. Ends with 1 if telltale
 * exceeds its budget.
 */
const ROUNDS = 5;
const CALLS = 1_000_000;
const SERIES = 1500;

/** Nanoseconds. */
const budgets: Readonly<Record<string, number>> = {
  "histogram, bound": 100,
  "histogram, 5 attributes": 400,
  "histogram() of telltale, bound": 100,
  "histogram() of telltale, 5 labels": 400,
};

class IdleReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const unit = { unit: "s" };
const labels = ["a", "b", "c", "d", "e"] as const;
const attributes = { a: "shop", b: "checkout", c: 200, d: true, e: "eu" };

process.stdout.write(`${machine()}, medians of ${ROUNDS} rounds\n`);
const times = measureTimes();
console.table(times);
console.table(measureMemory());
const exceeded = Object.entries(budgets).filter(([what, ns]) => (times[what]?.["ns"] ?? ns) > ns);
for (const [what, ns] of exceeded) process.stderr.write(`${what} takes more than ${ns} ns\n`);
if (exceeded.length > 0) process.exitCode = 1;

function sdkMeter(): Meter {
  return new MeterProvider({ readers: [new IdleReader()] }).getMeter("bench");
}

function ownMeter(): StoreMeter {
  const diagnostics = new Diagnostics("error", (text) => process.stderr.write(text));
  const store = new MetricStore({
    resource: resourceFromAttributes({}),
    diagnostics,
    redactor: noRedactor,
    exemplarFilter: exemplarFilters.trace_based,
  });
  const meter = store.provider.getMeter("bench");
  const instruments = createAppInstruments({ meter, diagnostics });
  publishApi({ instruments: () => instruments } as unknown as PreloadApi);
  return meter;
}

function measureTimes(): Record<string, Record<string, number>> {
  const sdk = sdkMeter().createHistogram("m", unit);
  const own = ownMeter().createHistogram("m", unit);
  const bound = own.bind(attributes);
  const app = histogram("app", { ...unit, labels });
  const appBound = app.bind(attributes);
  const quantiles = summary("quantiles", { ...unit, labels }).bind(attributes);
  const measured: Readonly<Record<string, (value: number) => void>> = {
    "SDK: histogram, 5 attributes": (value) => sdk.record(value, attributes),
    "histogram, 5 attributes": (value) => own.record(value, attributes),
    "histogram, 5 attributes of a new object": (value) => own.record(value, { ...attributes }),
    "histogram, bound": (value) => bound.record(value),
    "histogram() of telltale, 5 labels": (value) => app.record(value, attributes),
    "histogram() of telltale, bound": (value) => appBound.record(value),
    "summary() of telltale, bound": (value) => quantiles.record(value),
  };
  const rounds = Array.from({ length: ROUNDS + 1 }, () =>
    Object.values(measured).map(nanosecondsPerCall),
  ).slice(1);
  const results = Object.keys(measured).map((_, at) => median(rounds.map((one) => one[at]!)));
  return Object.fromEntries(
    Object.keys(measured).map((what, at) => [
      what,
      {
        ns: Math.round(results[at]!),
        "of the SDK": Number((results[at]! / results[0]!).toFixed(3)),
      },
    ]),
  );
}

function nanosecondsPerCall(record: (value: number) => void): number {
  const began = process.hrtime.bigint();
  for (let call = 0; call < CALLS; call += 1) record((call & 1023) / 300);
  return Number(process.hrtime.bigint() - began) / CALLS;
}

/** Returns the bytes of one of many series with five attributes, of which the first differs. */
function measureMemory(): Record<string, Record<string, number>> {
  const both = (create: (meter: Meter) => AnyInstrument): Record<string, number> => ({
    telltale: bytesPerSeries(create(ownMeter())),
    SDK: bytesPerSeries(create(sdkMeter())),
  });
  const advice = { explicitBucketBoundaries: [...SECONDS_BOUNDARIES] };
  return {
    counter: both((meter) => meter.createCounter("m", unit)),
    gauge: both((meter) => meter.createGauge("m", unit)),
    "histogram of 15 buckets": both((meter) => meter.createHistogram("m", { ...unit, advice })),
    summary: { telltale: bytesPerSeries(ownMeter().createSummary("m", unit)), SDK: NaN },
  };
}

interface AnyInstrument {
  add?: (value: number, attributes: Attributes) => void;
  record?: (value: number, attributes: Attributes) => void;
}

/** Records ten values from 1 ms to 1 s in each series. */
function bytesPerSeries(instrument: AnyInstrument): number {
  const before = heapUsed();
  for (let series = 0; series < SERIES; series += 1) {
    for (let value = 1; value <= 10; value += 1) {
      const seconds = 10 ** (-3 + value * 0.3);
      const one = { ...attributes, a: `shop ${series}` };
      if (instrument.add !== undefined) instrument.add(seconds, one);
      else instrument.record?.(seconds, one);
    }
  }
  const bytes = (heapUsed() - before) / SERIES;
  // The instrument must live until here.
  if (typeof instrument !== "object") throw new TypeError("no instrument");
  return Math.round(bytes);
}

function heapUsed(): number {
  for (let times = 0; times < 3; times += 1) collectGarbage();
  const { heapUsed: heap, external } = process.memoryUsage();
  return heap + external;
}
