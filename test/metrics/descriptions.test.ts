import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MetricDescriptor } from "@opentelemetry/sdk-metrics";
import { root } from "../../scripts/build/paths.ts";
import { createCacheRegistry } from "../../src/caches/caches.ts";
import { ExceptionCounter } from "../../src/errors/exception-counter.ts";
import { ClientConnections } from "../../src/http/client/connections.ts";
import { ClientMetrics } from "../../src/http/client/client-metrics.ts";
import { ServerMetrics } from "../../src/http/server/server-metrics.ts";
import { ConnectionPools } from "../../src/instrumentation/database-client/connection-pools.ts";
import { DatabaseCalls } from "../../src/instrumentation/database-client/database-call.ts";
import type { AdaptorDeps } from "../../src/instrumentation/loading/adaptor.ts";
import { MessagingMetrics } from "../../src/messaging/messaging-metrics.ts";
import { exemplarFilters } from "../../src/metrics/exemplars.ts";
import type { StoreMeter } from "../../src/metrics/store-meter.ts";
import { observeRuntime } from "../../src/metrics/runtime/runtime.ts";
import { groups } from "../collector/contract/rows.ts";
import { collectingProvider } from "../traces/provider.ts";
import { createMetricsFixture, createMetricsPipeline } from "./metrics-fixture.ts";

const WINDOW = "over the last 30 to 60 seconds";

/** Descriptions that differ from the package's, with the reason. */
const deviations: Readonly<Record<string, string>> = {
  // Measured over a sliding window, so that all readers see the same value.
  "process.cpu.utilization": `Difference in process.cpu.time ${WINDOW}, divided by the elapsed time and number of CPUs available to the process.`,
  "nodejs.eventloop.utilization": `Event loop utilization ${WINDOW}.`,
  "nodejs.eventloop.delay.min": `Event loop minimum delay ${WINDOW}.`,
  "nodejs.eventloop.delay.max": `Event loop maximum delay ${WINDOW}.`,
  "nodejs.eventloop.delay.mean": `Event loop mean delay ${WINDOW}.`,
  "nodejs.eventloop.delay.stddev": `Event loop standard deviation delay ${WINDOW}.`,
  "nodejs.eventloop.delay.p50": `Event loop 50 percentile delay ${WINDOW}.`,
  "nodejs.eventloop.delay.p90": `Event loop 90 percentile delay ${WINDOW}.`,
  "nodejs.eventloop.delay.p99": `Event loop 99 percentile delay ${WINDOW}.`,
  // The package describes the name as deprecated; since 1.42 the conventions use it for the whole heap.
  "v8js.memory.heap.limit": "Maximum size of the heap.",
  // The package describes the name as deprecated; this is the text of its successor, `.limit`.
  "db.client.connection.max": "The maximum number of open connections allowed.",
};

/** Classes that create metrics, beside the runtime's and the databases'. */
const creators: readonly ((meter: StoreMeter) => object)[] = [
  (meter) => new ServerMetrics({ meter, exemplarFilter: exemplarFilters.always_off }, true),
  (meter) => new ClientMetrics(meter),
  (meter) => new ClientConnections(meter),
  (meter) => new ConnectionPools(meter),
  (meter) => new ExceptionCounter(meter),
  createCacheRegistry,
  createMessagingMetrics,
];

describe("The description of", () => {
  const conventions = readConventions();
  const descriptors = ownDescriptors();

  for (const { name } of groups.flatMap(({ rows }) => rows)) {
    const expected = deviations[name] ?? conventions.get(name);
    if (expected === undefined) continue;
    it(`${name} follows the semantic conventions`, () => {
      assert.equal(descriptors.get(name)?.description, expected);
    });
  }

  it("each metric that the conventions lack is one sentence", () => {
    const own = [...descriptors.values()].filter(({ name }) => name.startsWith("telltale."));
    assert.ok(own.length > 0);
    for (const { name, description } of own) assert.match(description, /^[A-Z][^.]+\.$/, name);
  });
});

/** Names and descriptions, from the declarations of `@opentelemetry/semantic-conventions`. */
function readConventions(): Map<string, string> {
  const descriptions = new Map<string, string>();
  for (const file of ["stable_metrics.d.mts", "experimental_metrics.d.mts"]) {
    const path = join(root, "node_modules/@opentelemetry/semantic-conventions/dist", file);
    const declarations = readFileSync(path, "utf8").matchAll(
      /\/\*\*\n \* ([^\n]+)\n(?: \*[^\n]*\n)* \*\/\ndeclare const \w+: "([^"]+)"/g,
    );
    for (const [, description = "", name = ""] of declarations) descriptions.set(name, description);
  }
  return descriptions;
}

/** The descriptors of all metrics that the preload itself creates, by name. */
function ownDescriptors(): Map<string, MetricDescriptor> {
  const { config, counters } = createMetricsPipeline();
  const { provider: meterProvider } = createMetricsFixture().store;
  const meter = meterProvider.getMeter("telltale");
  observeRuntime({ meter, config, counters, instruments: () => [] });
  for (const create of creators) create(meter);
  const { provider: tracerProvider } = collectingProvider();
  createDatabaseCalls({ meterProvider, tracerProvider });
  const instruments = [...meterProvider.meters()].flatMap((scope) => [...scope.instruments()]);
  return new Map(instruments.map(({ descriptor }) => [descriptor.name, descriptor]));
}

/** Observable instruments are created with the first callback. */
function createMessagingMetrics(meter: StoreMeter): MessagingMetrics {
  const metrics = new MessagingMetrics(meter);
  metrics.observeLag(() => []);
  metrics.observeBacklog(async () => []);
  return metrics;
}

function createDatabaseCalls(
  deps: Pick<AdaptorDeps, "meterProvider" | "tracerProvider">,
): DatabaseCalls {
  const options = { scope: "telltale", version: "1", needsParent: false };
  return new DatabaseCalls(deps as AdaptorDeps, options);
}
