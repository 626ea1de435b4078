import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { ErrorsConfig, RuntimeMetricGroup } from "../../../src/config/config.ts";
import { createTelemetryCounters } from "../../../src/diagnostics/telemetry-counters.ts";
import { SlidingWindow } from "../../../src/metrics/runtime/sliding-window.ts";
import { observeRuntime } from "../../../src/metrics/runtime/runtime.ts";
import { pollUntilTrue } from "../../until.ts";
import {
  createMetricsFixture,
  createMetricsPipeline,
  type MetricsFixture,
  histogramsOf,
  metricOf,
  metricNamesOf,
  numbersOf,
} from "../metrics-fixture.ts";

/** Name, unit, and the attribute that distinguishes the series. */
const conventions: readonly (readonly [string, string, string | undefined])[] = [
  ["nodejs.eventloop.utilization", "1", undefined],
  ["nodejs.eventloop.time", "s", "nodejs.eventloop.state"],
  ["v8js.memory.heap.space.size", "By", "v8js.heap.space.name"],
  ["v8js.memory.heap.used", "By", "v8js.heap.space.name"],
  ["v8js.memory.heap.space.available_size", "By", "v8js.heap.space.name"],
  ["v8js.memory.heap.space.physical_size", "By", "v8js.heap.space.name"],
  ["v8js.memory.heap.limit", "By", undefined],
  ["process.cpu.time", "s", "cpu.mode"],
  ["process.cpu.utilization", "1", "cpu.mode"],
  ["process.memory.usage", "By", undefined],
  ["process.uptime", "s", undefined],
];

describe("Runtime metrics", () => {
  const fixture = createWatchedFixture();

  for (const [name, unit, attribute] of conventions) {
    it(`have ${name} in ${unit}${attribute === undefined ? "" : ` by ${attribute}`}`, () => {
      const collected = fixture.collect();
      assert.equal(metricOf(collected, name).descriptor.unit, unit);
      for (const { value, attributes } of numbersOf(collected, name)) {
        assert.ok(Number.isFinite(value) && value >= 0, String(value));
        assert.deepEqual(Object.keys(attributes), attribute === undefined ? [] : [attribute]);
      }
    });
  }

  it("count active resources by their type", async () => {
    const listening = (): number => {
      const collected = fixture.collect();
      // There may be none at all.
      const resources = metricNamesOf(collected).includes("v8js.resource.active")
        ? numbersOf(collected, "v8js.resource.active")
        : [];
      const servers = resources.find(
        ({ attributes }) => attributes["v8js.resource.type"] === "TCPServerWrap",
      );
      return servers?.value ?? 0;
    };
    // Without a host it listens at once: servers of other tests may still be closing.
    const before = listening();
    const server = createServer().listen(0);
    assert.equal(listening(), before + 1);
    server.close();
    await pollUntilTrue(() => listening() <= before, "the end of the server");
  });

  it("count garbage collections by their type", async () => {
    let garbage: unknown[] = [];
    await pollUntilTrue(
      () => {
        garbage = Array.from({ length: 100_000 }, () => [garbage.length]);
        return gcTypes(fixture).includes("minor");
      },
      () => `a minor collection; there are ${gcTypes(fixture).join()}`,
    );
    const known = new Set<unknown>(["major", "minor", "incremental", "weakcb"]);
    for (const { attributes, value } of histogramsOf(fixture.collect(), "v8js.gc.duration")) {
      assert.ok(known.has(attributes["v8js.gc.type"]), JSON.stringify(attributes));
      assert.ok(value.count > 0 && value.sum! > 0 && value.sum! < 60, JSON.stringify(value));
    }
  });

  it("show the same delays of the event loop to all readers", async () => {
    await pollUntilTrue(
      () => metricNamesOf(fixture.collect()).includes("nodejs.eventloop.delay.max"),
      "delays of the event loop",
    );
    await blockFor(150);
    const read = (): number => numbersOf(fixture.collect(), "nodejs.eventloop.delay.max")[0]!.value;
    await pollUntilTrue(
      () => read() >= 0.1,
      () => `a delay of 0.15 s; the longest is ${read()} s`,
    );
    const [first, second] = [read(), read()];
    assert.ok(first > 0.1 && first < performance.now() / 1000, String(first));
    assert.ok(second >= first, "the first reading reset the values");
    for (const field of ["min", "mean", "p50", "p90", "p99", "stddev"]) {
      assert.ok(
        numbersOf(fixture.collect(), `nodejs.eventloop.delay.${field}`)[0]!.value >= 0,
        field,
      );
    }
  });
});

/** What a group of runtime metrics begins with. */
const groupNames: Readonly<Record<RuntimeMetricGroup, RegExp>> = {
  event_loop: /^nodejs\.eventloop\./,
  gc: /^v8js\.gc\./,
  heap: /^v8js\.memory\./,
  resources: /^v8js\.resource\./,
  process: /process\./,
  host: /^system\./,
  container: /container\./,
  telemetry: /^otel\.sdk\.|^telltale\.telemetry\./,
};

describe("Groups of runtime metrics", () => {
  for (const [group, names] of Object.entries(groupNames)) {
    it(`are all created but ${group}, if that is off`, () => {
      const created = instrumentsWithout(group);
      assert.deepEqual(
        created.filter((name) => names.test(name)),
        [],
      );
      for (const [other, otherNames] of Object.entries(groupNames)) {
        if (other !== group)
          assert.ok(
            created.some((name) => otherNames.test(name)),
            other,
          );
      }
    });
  }
});

function instrumentsWithout(group: string): string[] {
  const { config, counters } = createMetricsPipeline({ TELLTALE_DISABLED_RUNTIME_METRICS: group });
  const { provider } = createMetricsFixture().store;
  observeRuntime({ meter: provider.getMeter("telltale"), config, counters, instruments: () => [] });
  return [...provider.meters()].flatMap((meter) =>
    [...meter.instruments()].map(({ descriptor }) => descriptor.name),
  );
}

describe("A sliding window", () => {
  it("has a loop utilization between 0 and 1, and CPU seconds per second", async () => {
    const slidingWindow = new SlidingWindow();
    await blockFor(50);
    await nextTick();
    const utilization = slidingWindow.loopUtilization();
    assert.ok(utilization > 0 && utilization <= 1, String(utilization));
    const { user, system } = slidingWindow.cpuUtilization();
    assert.ok(user >= 0 && system >= 0 && user + system < 64);
  });
});

describe("Telemetry counters as metrics", () => {
  it("satisfy created = sent + dropped + queued", () => {
    const counters = createTelemetryCounters();
    const fixture = createWatchedFixture(counters);
    counters.spans.created = 100;
    counters.spans.sent = 60;
    counters.spans.drop("queue_full", 7);
    counters.spans.drop("failed", 3);
    const collected = fixture.collect();
    const spans = (name: string): number =>
      numbersOf(collected, name)
        .filter(({ attributes }) => attributes["telltale.signal"] === "spans")
        .reduce((sum, { value }) => sum + value, 0);
    assert.equal(spans("telltale.telemetry.created"), 100);
    assert.equal(spans("telltale.telemetry.queued"), 30);
    assert.equal(
      spans("telltale.telemetry.created"),
      spans("telltale.telemetry.sent") +
        spans("telltale.telemetry.dropped") +
        spans("telltale.telemetry.queued"),
    );
  });

  it("have the time in which exports kept the event loop busy", () => {
    const counters = createTelemetryCounters();
    const fixture = createWatchedFixture(counters);
    const result = counters.spans.measure(() => {
      const end = performance.now() + 5;
      while (performance.now() < end);
      return "encoded";
    });
    assert.equal(result, "encoded");
    const times = numbersOf(fixture.collect(), "telltale.telemetry.time");
    const bySignal = new Map(
      times.map(({ attributes, value }) => [attributes["telltale.signal"], value]),
    );
    assert.deepEqual([...bySignal.keys()], ["spans", "logs", "metrics"]);
    assert.ok(Number(bySignal.get("spans")) >= 0.005);
    assert.equal(bySignal.get("logs"), 0);
  });

  it("are also the conventions' SDK metrics", () => {
    const counters = createTelemetryCounters();
    const fixture = createWatchedFixture(counters);
    counters.spans.created = 100;
    counters.spans.sent = 60;
    counters.spans.drop("queue_full", 7);
    counters.spans.drop("rejected", 3);
    const exported = numbersOf(fixture.collect(), "otel.sdk.exporter.span.exported");
    const type = "otlp_http_span_exporter";
    const component = { "otel.component.name": `${type}/0`, "otel.component.type": type };
    assert.deepEqual(
      exported
        .filter(({ value }) => value > 0)
        .map(({ attributes, value }) => [{ ...attributes }, value]),
      [
        [component, 60],
        [{ ...component, "error.type": "rejected" }, 3],
      ],
    );
    const processed = numbersOf(fixture.collect(), "otel.sdk.processor.span.processed");
    assert.deepEqual(
      processed.map(({ value }) => value),
      [63, 7],
    );
    assert.equal(numbersOf(fixture.collect(), "otel.sdk.processor.span.queue.size")[0]?.value, 30);
    assert.equal(
      numbersOf(fixture.collect(), "otel.sdk.processor.span.queue.capacity")[0]?.value,
      2048,
    );
  });
});

describe("Events by what is exported of their trace", () => {
  const dsn = "https://key@sentry.example/1";
  const rows: readonly (readonly [
    title: string,
    changes: Partial<ErrorsConfig>,
    counts: object,
  ])[] = [
    ["with a DSN", { dsn }, { complete: 5, partial: 1, missing: 0 }],
    ["without a DSN", { dsn: undefined }, {}],
    ["without traces over OTLP", { dsn, exportsTraces: false }, {}],
  ];
  for (const [title, changes, counts] of rows) {
    it(`are ${Object.keys(counts).length === 0 ? "not counted" : "counted"} ${title}`, () => {
      const counters = createTelemetryCounters();
      Object.assign(counters.events.traces, { complete: 5, partial: 1 });
      const collected = createWatchedFixture(counters, changes).collect();
      const found = metricNamesOf(collected).includes("telltale.event.traces")
        ? numbersOf(collected, "telltale.event.traces")
        : [];
      const byCoverage = found.map(({ attributes, value }) => [
        attributes["telltale.trace.coverage"],
        value,
      ]);
      assert.deepEqual(Object.fromEntries(byCoverage), counts);
    });
  }
});

function createWatchedFixture(
  counters = createTelemetryCounters(),
  errors: Partial<ErrorsConfig> = {},
): MetricsFixture {
  const fixture = createMetricsFixture();
  const { config } = createMetricsPipeline();
  observeRuntime({
    instruments: () => fixture.store.instruments(),
    meter: fixture.store.provider.getMeter("telltale"),
    config: { ...config, errors: { ...config.errors, ...errors } },
    counters,
  });
  return fixture;
}

function gcTypes(fixture: MetricsFixture): unknown[] {
  const collected = fixture.collect();
  if (!metricNamesOf(collected).includes("v8js.gc.duration")) return [];
  return histogramsOf(collected, "v8js.gc.duration").map(
    ({ attributes }) => attributes["v8js.gc.type"],
  );
}

async function blockFor(ms: number): Promise<void> {
  await nextTick();
  const end = performance.now() + ms;
  while (performance.now() < end) continue;
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
