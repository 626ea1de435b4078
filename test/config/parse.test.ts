import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import { parseConfig, type ParsedConfig } from "../../src/config/parse.ts";
import { type Variable, variables } from "../../src/config/variables.ts";
import { environmentOf } from "../../src/env.ts";
import { variableExamples } from "./examples.ts";

const defaults = parseConfig(new Map()).config;

describe("The default configuration", () => {
  it("is that of the specification, except for metrics, which Prometheus scrapes", () => {
    const otlp = {
      protocol: "http/protobuf",
      insecure: true,
      headers: {},
      timeoutMs: 10_000,
      compression: "none",
      tls: { ca: undefined, cert: undefined, key: undefined },
    } as const;
    const base = "http://localhost:4318/v1";
    const config: Config = {
      disabled: false,
      logLevel: "info",
      serviceName: undefined,
      environment: undefined,
      commit: undefined,
      resourceAttributes: {},
      resourceDetectors: ["env", "host", "os", "process", "serviceinstance", "container"],
      propagators: ["tracecontext", "baggage"],
      extractOnly: [],
      environmentCarrier: true,
      knownMethods: defaults.knownMethods,
      instrumentations: {
        enabled: undefined,
        disabled: [],
        eager: false,
        options: {},
        lambda: undefined,
      },
      admin: { host: "localhost", port: 9464, token: undefined, access: undefined, tls: undefined },
      profiling: undefined,
      traces: {
        exporters: ["otlp"],
        sampler: { name: "parentbased_always_on", ratio: 1 },
        limits: {
          attributeCount: 128,
          attributeLength: Infinity,
          eventCount: 128,
          linkCount: 128,
          attributesPerEvent: 128,
          attributesPerLink: 128,
        },
        batch: { maxQueueSize: 2048, maxBatchSize: 512, delayMs: 5000, exportTimeoutMs: 30_000 },
        otlp: { ...otlp, url: `${base}/traces` },
        keepSlowMs: undefined,
      },
      metrics: {
        exporters: ["prometheus"],
        intervalMs: 60_000,
        timeoutMs: 30_000,
        maxBatchSize: undefined,
        temporality: "cumulative",
        exemplarFilter: "trace_based",
        exponentialHistograms: false,
        views: undefined,
        prometheus: {
          translation: "underscore_escaping_with_suffixes",
          scopeLabels: "others",
          resourceLabels: [],
          targetInfo: true,
          created: false,
          nativeHistograms: false,
        },
        stallMs: 100,
        bodySizes: true,
        disabledRuntimeMetrics: [],
        mergeRules: [],
        otlp: { ...otlp, url: `${base}/metrics` },
      },
      logs: {
        exporters: ["otlp"],
        limits: { attributeCount: 128, attributeLength: Infinity },
        files: undefined,
        consoleLines: "active",
        levels: [],
        levelSignal: undefined,
        debugSecret: undefined,
        bufferLevel: undefined,
        lineFormat: undefined,
        nodeEnvironment: undefined,
        accessLog: "off",
        slowRequestMs: 2000,
        queries: false,
        batch: { maxQueueSize: 2048, maxBatchSize: 512, delayMs: 1000, exportTimeoutMs: 30_000 },
        otlp: { ...otlp, url: `${base}/logs` },
      },
      errors: {
        dsn: undefined,
        environment: undefined,
        release: undefined,
        sampleRate: 1,
        ignoreErrors: [],
        ignoreTransactions: [],
        beforeSend: undefined,
        spotlight: undefined,
        repeatedErrors: 100,
        debug: false,
        logEvents: true,
        breadcrumbs: ["log", "http", "query"],
        exportsTraces: true,
        sessions: true,
        traceUrl: undefined,
        orgUrl: undefined,
        cronCheckIns: false,
        dataCollection: [],
        spoolDir: undefined,
        spoolMaxBytes: 32_000_000,
      },
      doctorFolder: undefined,
      pipeline: "telltale",
      viewer: {
        url: undefined,
        isForced: false,
        editor: undefined,
        requestLog: undefined,
        timingHeaders: false,
        ignoredCalls: [],
      },
      alertReceiver: undefined,
      redaction: {
        ...{ fields: [], exceptions: [], patterns: [], exceptionPatterns: [] },
        ...{ emailAddresses: false, ipAddresses: false },
      },
      userFields: [],
      flushTimeoutMs: 800,
      signals: ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"],
      extension: undefined,
      gracefulShutdown: undefined,
    };
    assert.deepEqual(defaults, config);
  });
});

describe("Every supported variable", () => {
  for (const [name, { text, read, value, otherVariables }] of Object.entries(variableExamples)) {
    it(`${name}=${shortened(text)} takes effect without an issue`, () => {
      const { config, issues } = parsed({ [name]: text, ...otherVariables });
      assert.deepEqual(read(config), value);
      assert.deepEqual(issues, []);
    });

    it(`${name} counts as unset when it is blank`, () => {
      for (const blank of ["", "  ", "\t"]) {
        assert.deepEqual(parsed({ [name]: blank }), { config: defaults, issues: [] });
      }
    });

    it(`${name} may have white space around its value`, () => {
      const { config, issues } = parsed({ [name]: `  ${text}\t`, ...otherVariables });
      assert.deepEqual(read(config), value);
      assert.deepEqual(issues, []);
    });
  }
});

/** Invalid values, by the value type's description. */
const invalidValues: Readonly<Record<string, readonly string[]>> = {
  "true or false": ["1", "0", "yes", "no", "on", "t", "truee", "null"],
  integer: ["-1", "1.5", "1e3", "0x10", "ten", "2147483648", "99999999999999999999", "1 2", "NaN"],
  milliseconds: ["-1", "1.5", "5s", "1e3", "0x10", "Infinity", "2147483648", "1_000", "1,000"],
  "milliseconds, 0 for no limit": ["-1", "10s", "1.5", "NaN", "2147483648", "- 1"],
  "number from 0 to 1": ["-0.1", "1.1", "10%", "half", "NaN", "Infinity", "0,5", "0x1", "1e3"],
  URL: [
    "ftp://collector",
    "http://",
    "https://:4318",
    "collector:4318/v1/traces",
    "/v1",
    "http://a:99999",
    "http://a b",
  ],
  "1, 0 or URL": ["2", "spotlight", "localhost:8969", "ftp://localhost", "http://a@localhost"],
  "path of a PEM file": [
    "/nowhere/ca.pem",
    "test/config",
    "/dev/zero",
    "test/config/files/text.pem",
    "\0",
  ],
  DSN: [
    "https://abc@o1.ingest.sentry.io",
    "https://abc@o1.ingest.sentry.io/",
    "https://abc@o1.ingest.sentry.io/shop",
    "https://o1.ingest.sentry.io/42",
    "o1.ingest.sentry.io/42",
    "ftp://abc@o1.ingest.sentry.io/42",
    "https://a-b@o1.ingest.sentry.io/42",
    "abc",
  ],
};

describe("Every variable with an invalid value", () => {
  for (const variable of variables.filter((row) => row.unsupported === undefined)) {
    for (const text of invalidValuesFor(variable)) {
      it(`${variable.name}=${JSON.stringify(text)} is reported once and uses the default`, () => {
        const beside = variableExamples[variable.name]?.otherVariables ?? {};
        const { config, issues } = parsed({ ...beside, [variable.name]: text });
        assert.deepEqual(
          issues.map((issue) => [issue.kind, issue.variable]),
          [["invalid", variable.name]],
        );
        assert.deepEqual(config, parsed(beside).config);
      });
    }
  }
});

describe("Every unsupported standard variable", () => {
  for (const { name, unsupported } of variables) {
    if (unsupported === undefined) continue;
    it(`${name} is reported with the reason, and has no effect`, () => {
      assert.deepEqual(parsed({ [name]: "anything" }), {
        config: defaults,
        issues: [{ kind: "unsupported", variable: name, reason: unsupported }],
      });
    });

    it(`${name} is not reported when it is blank`, () => {
      assert.deepEqual(parsed({ [name]: " " }).issues, []);
    });
  }
});

describe("Integers", () => {
  const rows: readonly [string, string, number][] = [
    ["OTEL_BSP_MAX_QUEUE_SIZE", "1", 1],
    ["OTEL_BSP_MAX_QUEUE_SIZE", "+12", 12],
    ["OTEL_BSP_MAX_QUEUE_SIZE", "0012", 12],
    ["OTEL_BSP_MAX_QUEUE_SIZE", "2147483647", 2_147_483_647],
    ["OTEL_BSP_MAX_QUEUE_SIZE", "0", 2048],
  ];
  for (const [name, text, value] of rows) {
    it(`${name}=${text} is ${value}`, () => {
      assert.equal(parsed({ [name]: text }).config.traces.batch.maxQueueSize, value);
    });
  }

  it("of a port end at 65535", () => {
    const ports = ["65535", "65536"].map(
      (text) => parsed({ OTEL_EXPORTER_PROMETHEUS_PORT: text }).config.admin.port,
    );
    assert.deepEqual(ports, [65_535, 9464]);
  });
});

describe("Timeouts of 0", () => {
  const FOR_EVER = 2_147_483_647;
  const rows: readonly [string, (config: Config) => number][] = [
    ["OTEL_EXPORTER_OTLP_TIMEOUT", (config) => config.logs.otlp.timeoutMs],
    ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", (config) => config.traces.otlp.timeoutMs],
    ["OTEL_BSP_EXPORT_TIMEOUT", (config) => config.traces.batch.exportTimeoutMs],
    ["OTEL_BLRP_EXPORT_TIMEOUT", (config) => config.logs.batch.exportTimeoutMs],
  ];
  for (const [name, read] of rows) {
    it(`${name}=0 is the longest delay of a timer`, () => {
      assert.equal(read(parsed({ [name]: "0" }).config), FOR_EVER);
    });
  }
});

describe("Batches", () => {
  const rows: readonly [string, Record<string, string>, number, readonly string[]][] = [
    ["a small queue makes batches small", { QUEUE_SIZE: "100" }, 100, []],
    [
      "a batch as big as the queue is fine",
      { QUEUE_SIZE: "100", EXPORT_BATCH_SIZE: "100" },
      100,
      [],
    ],
    [
      "a batch bigger than the queue is reported and cut",
      { QUEUE_SIZE: "100", EXPORT_BATCH_SIZE: "101" },
      100,
      ["MAX_EXPORT_BATCH_SIZE"],
    ],
    [
      "so is one bigger than the usual queue",
      { EXPORT_BATCH_SIZE: "5000" },
      2048,
      ["MAX_EXPORT_BATCH_SIZE"],
    ],
  ];
  for (const prefix of ["OTEL_BSP", "OTEL_BLRP"]) {
    for (const [title, given, size, reported] of rows) {
      it(`${title} (${prefix})`, () => {
        const named: Record<string, string> = {};
        for (const [end, text] of Object.entries(given)) named[`${prefix}_MAX_${end}`] = text;
        const { config, issues } = parsed(named);
        const { batch } = prefix === "OTEL_BSP" ? config.traces : config.logs;
        assert.equal(batch.maxBatchSize, size);
        assert.deepEqual(
          issues.map((issue) => issue.variable),
          reported.map((end) => `${prefix}_${end}`),
        );
      });
    }
  }
});

describe("The timeout of metrics", () => {
  it("is limited to the interval, which is reported only if the timeout is set", () => {
    const short = parsed({ OTEL_METRIC_EXPORT_INTERVAL: "1000" });
    assert.deepEqual([short.config.metrics.timeoutMs, short.issues.length], [1000, 0]);
    const both = parsed({
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_METRIC_EXPORT_TIMEOUT: "1001",
    });
    assert.deepEqual([both.config.metrics.timeoutMs, both.issues.length], [1000, 1]);
  });

  it("is not combined with an interval of 0", () => {
    assert.equal(parsed({ OTEL_METRIC_EXPORT_INTERVAL: "0" }).config.metrics.intervalMs, 60_000);
  });
});

describe("Lists", () => {
  const rows: readonly [string, string, readonly string[], number][] = [
    ["OTEL_TRACES_EXPORTER", "otlp,console", ["otlp", "console"], 0],
    ["OTEL_TRACES_EXPORTER", " console , otlp ,console", ["console", "otlp"], 0],
    ["OTEL_TRACES_EXPORTER", "OTLP", ["otlp"], 0],
    ["OTEL_TRACES_EXPORTER", "none", [], 0],
    ["OTEL_TRACES_EXPORTER", "None,none", [], 0],
    ["OTEL_TRACES_EXPORTER", "none,console", ["console"], 1],
    ["OTEL_TRACES_EXPORTER", "zipkin", ["otlp"], 1],
    ["OTEL_TRACES_EXPORTER", "zipkin,console", ["console"], 1],
    ["OTEL_TRACES_EXPORTER", "jaeger,logging,otlp/stdout,foo", ["otlp"], 4],
    ["OTEL_TRACES_EXPORTER", "none,foo", ["otlp"], 2],
    ["OTEL_TRACES_EXPORTER", ",,", ["otlp"], 0],
    ["OTEL_METRICS_EXPORTER", "otlp,prometheus", ["otlp", "prometheus"], 0],
    ["OTEL_METRICS_EXPORTER", "none", [], 0],
    ["OTEL_LOGS_EXPORTER", "console,,otlp,", ["console", "otlp"], 0],
    ["TELLTALE_BREADCRUMBS", "query,http", ["query", "http"], 0],
    ["TELLTALE_BREADCRUMBS", "LOG", ["log"], 0],
    ["TELLTALE_BREADCRUMBS", "none", [], 0],
    ["TELLTALE_BREADCRUMBS", "logs", ["log", "http", "query"], 1],
    ["TELLTALE_BREADCRUMBS", "none,log", ["log"], 1],
    ["TELLTALE_DISABLED_RUNTIME_METRICS", "host, GC", ["host", "gc"], 0],
    ["TELLTALE_DISABLED_RUNTIME_METRICS", "none", [], 0],
    ["TELLTALE_DISABLED_RUNTIME_METRICS", "disk", [], 1],
    ["OTEL_PROPAGATORS", "none", [], 0],
    ["OTEL_PROPAGATORS", "tracecontext", ["tracecontext"], 0],
    ["OTEL_PROPAGATORS", "TraceContext,tracecontext", ["tracecontext"], 0],
    ["OTEL_PROPAGATORS", "b3,ottrace,baggage", ["b3", "baggage"], 1],
    ["OTEL_PROPAGATORS", "trace-context", ["tracecontext", "baggage"], 1],
  ];
  const read: Readonly<Record<string, (config: Config) => readonly string[]>> = {
    OTEL_TRACES_EXPORTER: (config) => config.traces.exporters,
    OTEL_METRICS_EXPORTER: (config) => config.metrics.exporters,
    OTEL_LOGS_EXPORTER: (config) => config.logs.exporters,
    TELLTALE_BREADCRUMBS: (config) => config.errors.breadcrumbs,
    TELLTALE_DISABLED_RUNTIME_METRICS: (config) => config.metrics.disabledRuntimeMetrics,
    OTEL_PROPAGATORS: (config) => config.propagators,
  };
  for (const [name, text, value, count] of rows) {
    it(`${name}=${JSON.stringify(text)} is ${value.join(" and ") || "none"}`, () => {
      const { config, issues } = parsed({ [name]: text });
      assert.deepEqual(read[name]?.(config), value);
      assert.equal(issues.length, count);
    });
  }
});

describe("The propagators with Sentry", () => {
  const SENTRY_DSN = "https://abc123@o1.ingest.sentry.io/42";

  it("are those of OTEL_PROPAGATORS, if it is set", () => {
    const { config } = parsed({ SENTRY_DSN, OTEL_PROPAGATORS: "tracecontext" });
    assert.deepEqual([config.propagators, config.extractOnly], [["tracecontext"], []]);
  });

  it("inject Sentry's header too, if it is requested", () => {
    const { config } = parsed({ SENTRY_DSN, OTEL_PROPAGATORS: "tracecontext,sentry" });
    assert.deepEqual([config.propagators, config.extractOnly], [["tracecontext", "sentry"], []]);
  });

  it("are the default ones without a valid DSN", () => {
    const { config } = parsed({ SENTRY_DSN: "https://abc123@o1.ingest.sentry.io" });
    assert.deepEqual([config.propagators, config.extractOnly], [["tracecontext", "baggage"], []]);
  });

  it("are none with OTEL_PROPAGATORS=none", () => {
    assert.deepEqual(parsed({ SENTRY_DSN, OTEL_PROPAGATORS: "none" }).config.propagators, []);
  });
});

describe("The sampler", () => {
  const rows: readonly [Record<string, string>, Config["traces"]["sampler"], readonly string[]][] =
    [
      [{ OTEL_TRACES_SAMPLER: "always_on" }, { name: "always_on", ratio: 1 }, []],
      [{ OTEL_TRACES_SAMPLER: "Always_Off" }, { name: "always_off", ratio: 1 }, []],
      [{ OTEL_TRACES_SAMPLER: "traceidratio" }, { name: "traceidratio", ratio: 1 }, []],
      [
        { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
        { name: "parentbased_traceidratio", ratio: 0 },
        [],
      ],
      [
        { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1e-3" },
        { name: "traceidratio", ratio: 0.001 },
        [],
      ],
      [
        { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" },
        { name: "traceidratio", ratio: 1 },
        ["OTEL_TRACES_SAMPLER_ARG"],
      ],
      [
        { OTEL_TRACES_SAMPLER_ARG: "0.5" },
        { name: "parentbased_always_on", ratio: 1 },
        ["OTEL_TRACES_SAMPLER_ARG"],
      ],
      [
        { OTEL_TRACES_SAMPLER: "always_on", OTEL_TRACES_SAMPLER_ARG: "0.5" },
        { name: "always_on", ratio: 1 },
        ["OTEL_TRACES_SAMPLER_ARG"],
      ],
      [
        { OTEL_TRACES_SAMPLER: "jaeger_remote", OTEL_TRACES_SAMPLER_ARG: "endpoint=http://x" },
        { name: "parentbased_always_on", ratio: 1 },
        ["OTEL_TRACES_SAMPLER"],
      ],
      [{ SENTRY_TRACES_SAMPLE_RATE: "0" }, { name: "parentbased_traceidratio", ratio: 0 }, []],
      [
        { SENTRY_TRACES_SAMPLE_RATE: "0.5", OTEL_TRACES_SAMPLER: "always_on" },
        { name: "always_on", ratio: 1 },
        [],
      ],
      [
        { SENTRY_TRACES_SAMPLE_RATE: "0.5", OTEL_TRACES_SAMPLER: "traceidratio" },
        { name: "traceidratio", ratio: 1 },
        [],
      ],
      [
        { SENTRY_TRACES_SAMPLE_RATE: "0.5", OTEL_TRACES_SAMPLER: "nonsense" },
        { name: "parentbased_traceidratio", ratio: 0.5 },
        ["OTEL_TRACES_SAMPLER"],
      ],
    ];
  for (const [given, sampler, reported] of rows) {
    it(`is ${sampler.name} at ${sampler.ratio} with ${asAssignments(given)}`, () => {
      const { config, issues } = parsed(given);
      assert.deepEqual(config.traces.sampler, sampler);
      assert.deepEqual(
        issues.map((issue) => issue.variable),
        reported,
      );
    });
  }
});

describe("Resource attributes", () => {
  const good: readonly [string, Readonly<Record<string, string>>][] = [
    ["a=b", { a: "b" }],
    [" a = b , c = d ", { a: "b", c: "d" }],
    ["a=b,", { a: "b" }],
    ["a=b%2Cc%3Dd", { a: "b,c=d" }],
    ["%61=%C3%BC", { a: "ü" }],
    ["a=b=c", { a: "b=c" }],
    ["a=", { a: "" }],
    ["a=1,a=2", { a: "2" }],
    [
      "k8s.pod.name=shop-1,k8s.namespace.name=eu",
      { "k8s.pod.name": "shop-1", "k8s.namespace.name": "eu" },
    ],
  ];
  for (const [text, value] of good) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => {
      const { config, issues } = parsed({ OTEL_RESOURCE_ATTRIBUTES: text });
      assert.deepEqual(config.resourceAttributes, value);
      assert.deepEqual(issues, []);
    });
  }

  for (const text of ["a", "=b", "a=%", "a=%zz", "%zz=a", "a=b,c", "a=b,c=%E0%A4"]) {
    it(`${JSON.stringify(text)} is partly invalid, and ignored completely`, () => {
      const { config, issues } = parsed({ OTEL_RESOURCE_ATTRIBUTES: text });
      assert.deepEqual(config.resourceAttributes, {});
      assert.equal(issues.length, 1);
    });
  }

  it("can't change a prototype", () => {
    const { config } = parsed({ OTEL_RESOURCE_ATTRIBUTES: "__proto__=x,constructor=y" });
    assert.deepEqual(Object.keys(config.resourceAttributes), ["__proto__", "constructor"]);
    assert.equal(Object.getPrototypeOf(config.resourceAttributes), Object.prototype);
  });

  const names: readonly [Record<string, string>, string | undefined][] = [
    [{ OTEL_RESOURCE_ATTRIBUTES: "service.name=shop" }, "shop"],
    [{ OTEL_RESOURCE_ATTRIBUTES: "service.name=shop", OTEL_SERVICE_NAME: "pay" }, "pay"],
    [{ OTEL_RESOURCE_ATTRIBUTES: "service.name=" }, undefined],
    [
      { OTEL_RESOURCE_ATTRIBUTES: "service.name=shop", OTEL_NODE_RESOURCE_DETECTORS: "os" },
      undefined,
    ],
    [{ OTEL_SERVICE_NAME: "pay", OTEL_NODE_RESOURCE_DETECTORS: "none" }, "pay"],
  ];
  for (const [given, name] of names) {
    it(`name the service ${name} with ${asAssignments(given)}`, () => {
      assert.equal(parsed(given).config.serviceName, name);
    });
  }

  const environments: readonly [Record<string, string>, string, string][] = [
    [{ NODE_ENV: "n" }, "n", "n"],
    [{ NODE_ENV: "n", SENTRY_ENVIRONMENT: "s" }, "s", "s"],
    [{ NODE_ENV: "n", VERCEL_ENV: "preview" }, "preview", "preview"],
    [{ VERCEL_TARGET_ENV: "qa", VERCEL_ENV: "preview" }, "qa", "qa"],
    [
      { NODE_ENV: "n", CONTEXT: "deploy-preview", NETLIFY: "true" },
      "deploy-preview",
      "deploy-preview",
    ],
    // Only Netlify sets it to the environment.
    [{ NODE_ENV: "n", CONTEXT: "kubernetes-admin" }, "n", "n"],
    [{ NODE_ENV: "n", RAILWAY_ENVIRONMENT_NAME: "pr-12" }, "pr-12", "pr-12"],
    [{ CI_ENVIRONMENT_NAME: "staging", SENTRY_ENVIRONMENT: "s" }, "s", "s"],
    [{ NODE_ENV: "n", OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=r" }, "r", "r"],
    [
      { SENTRY_ENVIRONMENT: "s", OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=r" },
      "r",
      "s",
    ],
  ];
  for (const [given, environment, sentry] of environments) {
    it(`name the environment ${environment}, for Sentry ${sentry}, with ${asAssignments(given)}`, () => {
      const { config } = parsed(given);
      assert.deepEqual([config.environment, config.errors.environment], [environment, sentry]);
    });
  }

  it("come from the selected detectors, and unknown ones are reported", () => {
    const { config, issues } = parsed({ OTEL_NODE_RESOURCE_DETECTORS: "host,gcp,hosts" });
    assert.deepEqual(config.resourceDetectors, ["host"]);
    assert.equal(issues.length, 2);
    assert.deepEqual(parsed({ OTEL_NODE_RESOURCE_DETECTORS: "none" }).config.resourceDetectors, []);
  });
});

describe("Sentry's variables", () => {
  for (const dsn of [
    "https://abc123@o1.ingest.sentry.io/42",
    "http://abc:secret@localhost:9000/1",
    "https://abc@sentry.example.com/behind/a/path/7",
    "http://abc@[::1]:9000/1",
  ]) {
    it(`accept ${dsn}`, () => {
      const { config, issues } = parsed({ SENTRY_DSN: dsn });
      assert.deepEqual([config.errors.dsn, issues], [dsn, []]);
    });
  }
});

describe("Old semantic conventions", () => {
  it("are not supported, and requesting them is reported", () => {
    const { issues } = parsed({ OTEL_SEMCONV_STABILITY_OPT_IN: "http/dup,database,rpc/dup" });
    assert.equal(issues.length, 2);
  });
});

describe("OTEL_SDK_DISABLED=true", () => {
  it("ignores every other variable", () => {
    const given = { OTEL_SDK_DISABLED: "TRUE", OTEL_TRACES_EXPORTER: "?", SENTRY_DSN: "?" };
    assert.deepEqual(parsed({ ...given, OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere" }), {
      config: { ...defaults, disabled: true },
      issues: [],
    });
  });

  it("is the only value that disables telltale", () => {
    const { config, issues } = parsed({ OTEL_SDK_DISABLED: "1" });
    assert.deepEqual([config, issues.length], [defaults, 1]);
  });
});

describe("Misspelt names", () => {
  const rows: readonly [string, string][] = [
    ["OTEL_TRACE_SAMPLER", "OTEL_TRACES_SAMPLER"],
    ["OTEL_EXPORTER_OLTP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"],
    ["OTEL_METRICS_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_INTERVAL"],
    ["TELLTALE_FLUSH_TIMOUT", "TELLTALE_FLUSH_TIMEOUT"],
    ["SENTRY_RELESE", "SENTRY_RELEASE"],
  ];
  for (const [name, meant] of rows) {
    it(`${name} is reported with the suggestion ${meant}`, () => {
      assert.deepEqual(parsed({ [name]: "x" }).issues, [
        { kind: "misspelt", variable: name, suggestion: meant },
      ]);
    });
  }

  for (const name of [
    "OTEL_PYTHON_LOG_CORRELATION",
    "SENTRY_AUTH_TOKEN",
    "SENTRY_ORG",
    "OTEL_FOO",
  ]) {
    it(`${name} is ignored as a variable of another tool`, () => {
      assert.deepEqual(parsed({ [name]: "x" }).issues, []);
    });
  }
});

describe("Any environment", () => {
  it("results in a complete configuration, without a throw", () => {
    const keys = keysOf(defaults);
    for (const [index, { name }] of variables.entries()) {
      if (name === "OTEL_SDK_DISABLED") continue;
      for (const text of noise(index)) {
        const { config } = parsed({ [name]: text });
        assert.deepEqual(keysOf(config), keys, `${name}=${JSON.stringify(text)}`);
      }
    }
  });
});

function parsed(given: Readonly<Record<string, string>>): ParsedConfig {
  return parseConfig(environmentOf(given));
}

function asAssignments(given: Readonly<Record<string, string>>): string {
  return Object.entries(given)
    .map(([name, text]) => `${name}=${text}`)
    .join(" ");
}

function shortened(text: string): string {
  return text.replace(/^.*\/files\//, "files/");
}

function invalidValuesFor(variable: Variable): readonly string[] {
  const choice =
    variable.valueType.description.startsWith("`") ||
    variable.valueType.description.includes("`none`");
  return choice
    ? ["nonsense", "?", "true", "__proto__"]
    : (invalidValues[variable.valueType.description] ?? []);
}

/** A pseudo-random generator with the same sequence in every run. */
function noise(seed: number): string[] {
  const pieces = [
    "%",
    "=",
    ",",
    ":",
    "/",
    "@",
    "http",
    "-1",
    "\0",
    "\u{1f600}",
    "[",
    "]",
    "?",
    "#",
    " ",
    "\ud800",
  ];
  let state = seed + 1;
  return Array.from({ length: 20 }, () => {
    let text = "";
    for (let length = 0; length < 8; length++) {
      state = (state * 48_271) % 2_147_483_647;
      text += pieces[state % pieces.length];
    }
    return text;
  });
}

function keysOf(config: Config): unknown {
  return [Object.keys(config), Object.keys(config.traces), Object.keys(config.traces.otlp)];
}
