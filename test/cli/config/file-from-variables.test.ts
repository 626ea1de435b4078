import assert from "node:assert/strict";
import { fileFromVariables } from "../../../src/cli/config/file-from-variables.ts";
import { formatYaml } from "../../../src/cli/config/yaml-document.ts";
import type { Config } from "../../../src/config/config.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { variables } from "../../../src/config/variables.ts";
import { environmentOf } from "../../../src/env.ts";
import { knownInstrumentations } from "../../../src/instrumentation/enabled-instrumentations.ts";
import { variableExamples } from "../../config/examples.ts";
import { loadText } from "../../config/file/file-config.ts";
import { Random, testSeed } from "../../random.ts";

type Variables = Readonly<Record<string, string>>;

function toYaml(given: Variables): { readonly text: string; readonly config: Config } {
  const environment = environmentOf(given);
  const { config } = parseConfig(environment, knownInstrumentations);
  return {
    text: formatYaml(fileFromVariables(config, environment, knownInstrumentations)),
    config,
  };
}

/** Returns what has an effect: an exporter that is off has no settings, and the name of a service is in one place. */
function effective(config: Config): unknown {
  const { traces, metrics, logs, ...others } = config;
  const usedOtlp = (signal: Config["traces"] | Config["metrics"] | Config["logs"]): object => ({
    ...signal,
    otlp: signal.exporters.some((name) => name === "otlp") ? signal.otlp : undefined,
  });
  const { "service.name": _, ...attributes } = others.resourceAttributes;
  const { spec: _spec, ...sampler } = traces.sampler;
  const { resourceLabelFilter: _filter, ...prometheus } = metrics.prometheus;
  return JSON.parse(
    JSON.stringify({
      ...others,
      resourceAttributes: attributes,
      traces: { ...usedOtlp(traces), sampler },
      metrics: { ...usedOtlp(metrics), prometheus },
      logs: usedOtlp(logs),
    }),
  ) as unknown;
}

/** Asserts that the file of some variables has their effect. */
function assertSame(given: Variables): void {
  const { text, config } = toYaml(given);
  const loaded = loadText(text, given);
  try {
    assert.deepEqual(effective(loaded.config), effective(config));
  } catch (error) {
    throw new Error(`${JSON.stringify(given, undefined, 1)}\n${text}\n${String(error)}`, {
      cause: error,
    });
  }
}

/** Values that the examples of the variables do not have. */
const more: Readonly<Record<string, readonly string[]>> = {
  OTEL_LOG_LEVEL: ["all", "none", "verbose", "warn"],
  OTEL_SERVICE_NAME: ["$shop", "${HOME}", "7", "true", "ß: a #b"],
  OTEL_RESOURCE_ATTRIBUTES: [
    "service.name=other,a=%24%7BA%7D",
    "bad",
    "deployment.environment.name=dev",
  ],
  OTEL_NODE_RESOURCE_DETECTORS: ["host", "none", "all", "env,os", "host,os,process", "env,host"],
  OTEL_PROPAGATORS: ["none", "tracecontext,baggage", "sentry"],
  OTEL_TRACES_EXPORTER: ["otlp", "none", "otlp,console", "oltp"],
  OTEL_METRICS_EXPORTER: ["otlp", "none", "console,otlp", "prometheus,console"],
  OTEL_LOGS_EXPORTER: ["otlp", "console"],
  OTEL_TRACES_SAMPLER: [
    "traceidratio",
    "parentbased_always_off",
    "sometimes",
    "parentbased_traceidratio",
  ],
  OTEL_TRACES_SAMPLER_ARG: ["0.5", "7", ".1"],
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    "http://a:1",
    "https://u:p@b/x/",
    "collector:4317",
    "no url",
    "http://a?key=1",
  ],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ["http://c/t", "d:4317"],
  OTEL_EXPORTER_OTLP_PROTOCOL: ["grpc", "http/json"],
  OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: ["grpc", "http/json"],
  OTEL_EXPORTER_OTLP_HEADERS: ["a=1,B=x%20y", "authorization=Bearer%20abc", "123"],
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: ["a=2"],
  OTEL_EXPORTER_OTLP_TIMEOUT: ["0", "10000", "5"],
  OTEL_EXPORTER_OTLP_INSECURE: ["true", "false"],
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: ["fs,pg,unknown-one", "express,dns"],
  OTEL_INSTRUMENTATION_DNS_ENABLED: ["true", "false"],
  OTEL_METRIC_EXPORT_INTERVAL: ["0", "100"],
  OTEL_BSP_MAX_QUEUE_SIZE: ["+7", "many", "5"],
};

describe("The file of some variables", () => {
  it("is a file of the schema, with references to secrets", () => {
    const { text } = toYaml({
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20hunter2",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.1",
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: "fs",
      SENTRY_DSN: "https://hunter2@o1.ingest.sentry.io/42",
      TELLTALE_KEEP_SLOW_MS: "500",
    });
    assert.equal(
      text,
      `file_format: "1.1"
resource:
  attributes:
    - name: service.name
      value: shop
  detection/development:
    detectors:
      - container:
      - host:
      - process:
      - service:
propagator:
  composite:
    - tracecontext:
    - baggage:
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_http:
            endpoint: http://collector:4318/v1/traces
            headers_list: "\${OTEL_EXPORTER_OTLP_HEADERS}"
  sampler:
    parent_based:
      root:
        trace_id_ratio_based:
          ratio: 0.1
meter_provider:
  readers:
    - pull:
        exporter:
          prometheus/development:
logger_provider:
  processors:
    - batch:
        exporter:
          otlp_http:
            endpoint: http://collector:4318/v1/logs
            headers_list: "\${OTEL_EXPORTER_OTLP_HEADERS}"
instrumentation/development:
  js:
    fs:
      enabled: false
distribution:
  telltale:
    sentry_dsn: "\${SENTRY_DSN}"
    keep_slow_ms: 500
`,
    );
  });

  it("has the effect of no variables", () => assertSame({}));

  for (const [name, values] of Object.entries(more)) {
    it(`has the effect of ${name}`, () => {
      for (const value of values) assertSame({ [name]: value });
    });
  }

  it("has the effect of each variable", () => {
    for (const [name, { text, otherVariables }] of Object.entries(variableExamples))
      if (name !== "OTEL_CONFIG_FILE") assertSame({ [name]: text, ...otherVariables });
  });

  const seed = testSeed();
  it(`has the effect of any variables (TEST_SEED=${seed})`, () => {
    const random = new Random(seed);
    const names = Object.keys(variableExamples).filter((name) => name !== "OTEL_CONFIG_FILE");
    for (let round = 0; round < 100; round++) {
      const share = random.next() / 3;
      const chosen = names.filter(() => random.chance(share));
      const given = Object.fromEntries(
        chosen.map((name) => {
          const { text = "" } = variableExamples[name] ?? {};
          return [name, random.pick([text, ...(more[name] ?? [])])];
        }),
      );
      if (given["OTEL_SDK_DISABLED"] === undefined) assertSame(given);
    }
  });

  it("never has a secret", () => {
    for (const variable of variables) {
      const example = variableExamples[variable.name];
      const { format } = variable.valueType;
      if (example === undefined || format?.(example.text) !== "***") continue;
      assert.ok(
        !toYaml({ [variable.name]: example.text }).text.includes(example.text),
        variable.name,
      );
    }
  });
});
