import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { loadText } from "./file-config.ts";

/** A part of a file, and what of the configuration it changes. */
interface MappingRow {
  readonly title: string;
  readonly text: string;
  readonly read: (config: Config) => unknown;
  readonly value: unknown;
}

const traces = (processor: string, rest = ""): string =>
  `tracer_provider:\n  processors:\n    - ${processor}\n${rest}`;
const metrics = (reader: string, rest = ""): string =>
  `meter_provider:\n  readers:\n    - ${reader}\n${rest}`;
const otlp = "{ batch: { exporter: { otlp_http: } } }";

const rows: readonly MappingRow[] = [
  { title: "log_level", text: "log_level: debug2", read: (c) => c.logLevel, value: "debug" },
  {
    title: "propagators, in their order and once",
    text: "propagator: { composite: [{ b3: }, { tracecontext: }], composite_list: 'b3,xray' }",
    read: (c) => c.propagators,
    value: ["b3", "tracecontext", "xray"],
  },
  {
    title: "resource attributes, which override those of the list",
    text: 'resource: { attributes: [{ name: a, value: "x,y=z" }], attributes_list: "a=1,b=2" }',
    read: (c) => c.resourceAttributes,
    value: { a: "x,y=z", b: "2" },
  },
  {
    title: "resource attributes that are no texts",
    text: "resource: { attributes: [{ name: n, value: 3, type: int }, { name: l, value: [a, b] }, { name: no, value: }] }",
    read: (c) => c.typedAttributes,
    value: { n: 3, l: ["a", "b"] },
  },
  {
    title: "resource detectors",
    text: "resource: { detection/development: { detectors: [{ host: }, { service: }] } }",
    read: (c) => c.resourceDetectors,
    value: ["env", "host", "os", "serviceinstance"],
  },
  {
    title: "general attribute limits",
    text: "attribute_limits: { attribute_count_limit: 5, attribute_value_length_limit: 6 }",
    read: ({ traces: t, logs: l }) => [t.limits.attributeCount, l.limits.attributeLength],
    value: [5, 6],
  },
  {
    title: "limits of spans",
    text: traces(
      otlp,
      "  limits: { attribute_count_limit: 1, event_count_limit: 2, link_count_limit: 3, event_attribute_count_limit: 4, link_attribute_count_limit: 5, attribute_value_length_limit: 6 }",
    ),
    read: (c) => c.traces.limits,
    value: {
      ...{ attributeCount: 1, eventCount: 2, linkCount: 3, attributesPerEvent: 4 },
      ...{ attributesPerLink: 5, attributeLength: 6 },
    },
  },
  {
    title: "a batch processor",
    text: traces(
      "{ batch: { schedule_delay: 1, export_timeout: 2, max_queue_size: 30, max_export_batch_size: 4, exporter: { console: } } }",
    ),
    read: (c) => [c.traces.exporters, c.traces.batch.delayMs],
    value: [["console"], 5000],
  },
  {
    title: "a batch processor with OTLP",
    text: traces(
      "{ batch: { schedule_delay: 1, export_timeout: 2, max_queue_size: 30, max_export_batch_size: 4, exporter: { otlp_http: } } }",
    ),
    read: (c) => c.traces.batch,
    value: { delayMs: 1, exportTimeoutMs: 2, maxQueueSize: 30, maxBatchSize: 4 },
  },
  {
    title: "a simple processor",
    text: traces("{ simple: { exporter: { otlp_http: } } }"),
    read: (c) => c.traces.batch.delayMs,
    value: 0,
  },
  {
    title: "OTLP over HTTP",
    text: traces(
      '{ batch: { exporter: { otlp_http: { endpoint: "https://a/x", timeout: 7, encoding: json, compression: gzip, headers: [{ name: API-Key, value: "a b,c" }, { name: none, value: }], headers_list: "api-key=old,other=1" } } } }',
    ),
    read: ({ traces: { otlp: o } }) => [o.url, o.timeoutMs, o.protocol, o.compression, o.headers],
    value: ["https://a/x", 7, "http/json", "gzip", { "api-key": "a b,c", other: "1" }],
  },
  {
    title: "OTLP over gRPC",
    text: traces(
      '{ batch: { exporter: { otlp_grpc: { endpoint: "collector:4317", tls: { insecure: true } } } } }',
    ),
    read: ({ traces: { otlp: o } }) => [o.url, o.protocol, o.insecure],
    value: ["http://collector:4317", "grpc", true],
  },
  {
    title: "OTLP with another kind of exporter",
    text: "logger_provider: { processors: [{ batch: { exporter: { otlp_http: } } }, { simple: { exporter: { console: } } }] }",
    read: (c) => [c.logs.exporters, c.logs.batch.delayMs],
    value: [["otlp", "console"], 1000],
  },
  {
    title: "several OTLP exporters of a signal",
    text: traces(
      "{ batch: { exporter: { otlp_http: { endpoint: 'http://a/1' } } } }\n    - { simple: { exporter: { otlp_grpc: { endpoint: 'http://b:2', headers_list: k=v } } } }",
    ),
    read: ({ traces: { otlp: o, further = [] } }) => [
      o.url,
      further.map((one) => [one.otlp.url, one.otlp.protocol, one.otlp.headers, one.batch.delayMs]),
    ],
    value: ["http://a/1", [["http://b:2", "grpc", { k: "v" }, 0]]],
  },
  {
    title: "several periodic readers",
    text: metrics(
      "{ periodic: { exporter: { otlp_http: } } }\n    - { periodic: { interval: 1000, max_export_batch_size/development: 9, exporter: { otlp_http: { temporality_preference: delta, timeout: 7 } } } }",
    ),
    read: ({ metrics: { further = [], intervalMs, temporality, maxBatchSize } }) => [
      ...[intervalMs, temporality, maxBatchSize],
      further.map((one) => [one.intervalMs, one.timeoutMs, one.temporality, one.otlp.timeoutMs]),
      further.map((one) => one.maxBatchSize),
    ],
    value: [60_000, "cumulative", undefined, [[1000, 1000, "delta", 7]], [9]],
  },
  {
    title: "a timeout without a limit",
    text: traces("{ batch: { exporter: { otlp_http: { timeout: 0 } } } }"),
    read: (c) => c.traces.otlp.timeoutMs,
    value: 2 ** 31 - 1,
  },
  {
    title: "a sampler that has a name",
    text: traces(
      otlp,
      "  sampler: { parent_based: { root: { trace_id_ratio_based: { ratio: 0.25 } } } }",
    ),
    read: (c) => c.traces.sampler,
    value: { name: "parentbased_traceidratio", ratio: 0.25, spec: undefined },
  },
  {
    title: "the initial sampler of a remote one",
    text: traces(
      otlp,
      "  sampler: { jaeger_remote/development: { endpoint: 'http://a', initial_sampler: { always_off: } } }",
    ),
    read: (c) => c.traces.sampler.name,
    value: "always_off",
  },
  {
    title: "a sampler that has no name",
    text: traces(otlp, "  sampler: { parent_based: { local_parent_sampled: { always_off: } } }"),
    read: ({ traces: { sampler } }) =>
      sampler.spec?.kind === "parent_based" && sampler.spec.localSampled,
    value: { kind: "always_off" },
  },
  {
    title: "a periodic reader",
    text: metrics(
      "{ periodic: { interval: 5000, timeout: 400, max_export_batch_size/development: 1000, exporter: { otlp_http: { temporality_preference: low_memory, default_histogram_aggregation: base2_exponential_bucket_histogram } } } }",
    ),
    read: ({ metrics: m }) => [
      m.exporters,
      m.intervalMs,
      m.timeoutMs,
      m.temporality,
      m.exponentialHistograms,
      m.maxBatchSize,
    ],
    value: [["otlp"], 5000, 400, "lowmemory", true, 1000],
  },
  {
    title: "the Prometheus page",
    text: metrics(
      "{ pull: { exporter: { prometheus/development: { host: 0.0.0.0, port: 9999, scope_info_enabled: false, target_info_enabled/development: false, translation_strategy: no_translation/development } } } }",
    ),
    read: ({ metrics: { prometheus: p, exporters }, admin }) => [
      ...[exporters, admin.host, admin.port, p.scopeLabels, p.targetInfo, p.translation],
    ],
    value: [["prometheus"], "0.0.0.0", 9999, "none", false, "no_translation"],
  },
  {
    title: "the Prometheus page with the default labels",
    text: metrics(
      "{ pull: { exporter: { prometheus/development: { scope_info_enabled: true } } } }",
    ),
    read: (c) => c.metrics.prometheus.scopeLabels,
    value: "all",
  },
  {
    title: "the exemplar filter",
    text: metrics(
      "{ pull: { exporter: { prometheus/development: } } }",
      "  exemplar_filter: always_on",
    ),
    read: (c) => c.metrics.exemplarFilter,
    value: "always_on",
  },
  {
    title: "the default cardinality limit",
    text: metrics(
      "{ pull: { exporter: { prometheus/development: }, cardinality_limits: { default: 50 } } }",
    ),
    read: (c) => c.metrics.views?.cardinalityLimits,
    value: [{ name: "*", value: 50 }],
  },
  {
    title: "instrumentations that are off, and options of others",
    text: "instrumentation/development: { js: { express: { enabled: false }, '@opentelemetry/instrumentation-pg': { requireParentSpan: true }, fs: { enabled: true }, dns: { ignore_hostnames: [a, b] } } }",
    read: ({ instrumentations: i }) => [i.disabled, i.options],
    value: [
      ["express"],
      {
        pg: { requireParentSpan: true },
        fs: { enabled: true },
        dns: { ignoreHostnames: ["a", "b"] },
      },
    ],
  },
  {
    title: "the methods of HTTP",
    text: "instrumentation/development: { general: { http: { client: { known_methods: [GET] }, server: { known_methods: [GET, PURGE] } } } }",
    read: (c) => c.knownMethods,
    value: ["GET", "PURGE"],
  },
  {
    title: "query parameters that are secrets",
    text: "instrumentation/development: { general: { sanitization: { url: { sensitive_query_parameters: [ticket] } } } }",
    read: (c) => c.redaction?.fields,
    value: ["ticket"],
  },
  {
    title: "settings of telltale",
    text: "distribution: { telltale: { ignore_errors: [ECONNRESET, EPIPE], eager: true }, other: { any: 1 } }",
    read: (c) => [c.errors.ignoreErrors.length, c.instrumentations.eager],
    value: [2, true],
  },
];

describe("A configuration file", () => {
  for (const { title, text, read, value } of rows) {
    it(`configures ${title}`, () => {
      const { config, lines } = loadText(`file_format: "1.1"\n${text}\n`);
      assert.deepEqual(lines, []);
      assert.deepEqual(read(config), value);
    });
  }

  it("configures the Prometheus page by the keys of version 1.0", () => {
    const { config, lines } = loadText(
      `file_format: "1.0"\n${metrics("{ pull: { exporter: { prometheus/development: { without_scope_info: true, without_target_info/development: false, with_resource_constant_labels: { included: [a] } } } } }")}`,
    );
    assert.deepEqual(lines, []);
    const { prometheus } = config.metrics;
    assert.equal(prometheus.scopeLabels, "none");
    assert.equal(prometheus.targetInfo, true);
    assert.deepEqual(prometheus.resourceLabelFilter, { included: ["a"], excluded: [] });
  });

  it("selects the detected resource attributes", async () => {
    const { detectResourceAttributes } = await import("../../../src/resource/attributes.ts");
    const { config } = loadText(
      'file_format: "1.1"\nresource:\n  attributes: [{ name: replicas, value: 2 }]\n  detection/development:\n    attributes: { included: ["process.*"], excluded: ["process.runtime.*"] }\n    detectors: [{ process: }, { host: }]\n',
    );
    const attributes = detectResourceAttributes(config);
    assert.equal(attributes["process.pid"], process.pid);
    assert.equal(attributes["process.runtime.name"], undefined);
    assert.equal(attributes["host.name"], undefined);
    assert.equal(attributes["replicas"], 2);
    assert.equal(attributes["telemetry.sdk.language"], "nodejs");
  });
});
