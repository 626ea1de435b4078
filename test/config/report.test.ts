import assert from "node:assert/strict";
import { maskAddress, formatMasked } from "../../src/config/mask.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { formatIssues } from "../../src/config/report.ts";
import { variables } from "../../src/config/variables.ts";
import { environmentOf } from "../../src/env.ts";

describe("The report", () => {
  it("is empty without issues", () => {
    assert.equal(report({}), "");
    assert.equal(report({ OTEL_SERVICE_NAME: "shop" }), "");
  });

  const rows: readonly [Record<string, string>, string][] = [
    [
      { OTEL_TRACES_SAMPLER: "parentbased_ratio" },
      'OTEL_TRACES_SAMPLER: received "parentbased_ratio", expected always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio (did you mean parentbased_traceidratio?); using parentbased_always_on',
    ],
    [
      { OTEL_TRACES_EXPORTER: "oltp" },
      'OTEL_TRACES_EXPORTER: received "oltp", expected otlp, console or none (did you mean otlp?); using otlp',
    ],
    [
      { OTEL_TRACES_EXPORTER: "zipkin" },
      'OTEL_TRACES_EXPORTER: received "zipkin", expected otlp, console or none (Zipkin accepts OTLP); using otlp',
    ],
    [
      { OTEL_PROPAGATORS: "b33,baggage" },
      'OTEL_PROPAGATORS: received "b33", expected tracecontext, baggage, b3, b3multi, jaeger, xray, sentry or none (did you mean b3?); using baggage',
    ],
    [
      { OTEL_LOGS_EXPORTER: "none,otlp" },
      'OTEL_LOGS_EXPORTER: received "none", expected none alone; using otlp',
    ],
    [
      { OTEL_BSP_MAX_QUEUE_SIZE: "-5" },
      'OTEL_BSP_MAX_QUEUE_SIZE: received "-5", expected an integer from 1 to 2147483647; using 2048',
    ],
    [
      { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "all" },
      'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: received "all", expected an integer from 0 to 2147483647; using no limit',
    ],
    [
      { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "4096" },
      'OTEL_BSP_MAX_EXPORT_BATCH_SIZE: received "4096", expected at most OTEL_BSP_MAX_QUEUE_SIZE (2048); using 2048',
    ],
    [
      { SENTRY_SAMPLE_RATE: "50%" },
      'SENTRY_SAMPLE_RATE: received "50%", expected a number from 0 to 1; using 1',
    ],
    [
      { TELLTALE_LOG_EVENTS: "off" },
      'TELLTALE_LOG_EVENTS: received "off", expected true or false; using true',
    ],
    [
      { TELLTALE_BREADCRUMBS: "logs" },
      'TELLTALE_BREADCRUMBS: received "logs", expected log, http, query or none (did you mean log?); using log,http,query',
    ],
    [
      { OTEL_SDK_DISABLED: "yes" },
      'OTEL_SDK_DISABLED: received "yes", expected true or false; using false',
    ],
    [
      { OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere/ca.pem" },
      'OTEL_EXPORTER_OTLP_CERTIFICATE: received "/nowhere/ca.pem", expected the path of a readable PEM file; using none',
    ],
    [
      { OTEL_RESOURCE_ATTRIBUTES: "a=1,b" },
      'OTEL_RESOURCE_ATTRIBUTES: received "b", expected key=value, percent-encoded; using no attributes',
    ],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: "Bearer abc" },
      "OTEL_EXPORTER_OTLP_HEADERS: received entry 1 (***), expected name=value of an HTTP header, percent-encoded; using none",
    ],
    [
      { SENTRY_DSN: "https://abc@o1.ingest.sentry.io" },
      "SENTRY_DSN: received ***, expected https://<key>@<host>/<project> (the project number is missing); using no error reporting",
    ],
    [
      { TELLTALE_REDACT: "nationalId, user name" },
      'TELLTALE_REDACT: received "user name", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone; using the other entries',
    ],
    [
      { TELLTALE_REDACT: "nationalId,-user name" },
      'TELLTALE_REDACT: received "-user name", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone; using the other entries',
    ],
    [
      { TELLTALE_REDACT: "nationalId,/abc" },
      'TELLTALE_REDACT: received "/abc", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone (the slash at the end is missing); using the other entries',
    ],
    [
      { TELLTALE_REDACT: "//,nationalId" },
      'TELLTALE_REDACT: received "//", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone (it is empty); using the other entries',
    ],
    [
      { TELLTALE_REDACT: "/a,b/g,nationalId" },
      'TELLTALE_REDACT: received "/a,b/g", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone (its flags may be i, m, s, u); using the other entries',
    ],
    [
      { TELLTALE_REDACT: "*.*" },
      'TELLTALE_REDACT: received "*.*", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone (it would be every field); using the other entries',
    ],
    [
      { TELLTALE_REDACT: "a..b" },
      'TELLTALE_REDACT: received "a..b", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone; using the other entries',
    ],
    [
      { TELLTALE_REDACT: "x".repeat(129) },
      'TELLTALE_REDACT: received "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone (at most 128 characters); using the other entries',
    ],
    [
      { TELLTALE_TRACE_URL: "https://anna:secret@grafana.example/explore?trace={trace_id}" },
      'TELLTALE_TRACE_URL: received "https://***@grafana.example/***", expected a URL like https://grafana.example/explore?trace={trace_id} (it contains a user or password); using no links to traces',
    ],
    [
      { SENTRY_ORG_URL: "https://abc@o1.ingest.sentry.io/42" },
      'SENTRY_ORG_URL: received "https://***@o1.ingest.sentry.io/***", expected a URL like https://acme.sentry.io (it contains a user or password); using no links to events',
    ],
    [
      { TELLTALE_VIEWER: "http://viewer.example:9465" },
      'TELLTALE_VIEWER: received "http://viewer.example:9465", expected a URL of this host, like http://localhost:9465; using no viewer',
    ],
    [
      { TELLTALE_DEV_LOG: "queries", NODE_ENV: "production" },
      'TELLTALE_DEV_LOG: received "queries", expected another NODE_ENV than production; using no log for development',
    ],
    [
      { TELLTALE_PROFILING: "on_demand" },
      'TELLTALE_PROFILING: received "on_demand", expected TELLTALE_ADMIN_TOKEN too; using no profiles on demand',
    ],
    [
      { TELLTALE_PROFILING: "continuous" },
      'TELLTALE_PROFILING: received "continuous", expected TELLTALE_PROFILING_EXPORT too; using no continuous profiles',
    ],
    [
      { TELLTALE_PROFILING_EXPORT: "https://anna:s3cret@profiles.example/x" },
      'TELLTALE_PROFILING_EXPORT: received "https://***@profiles.example/***", expected TELLTALE_PROFILING=continuous too; using no continuous profiles',
    ],
    [
      { TELLTALE_PROFILING: "continuous", TELLTALE_PROFILING_EXPORT: "profiles.example:4040" },
      'TELLTALE_PROFILING_EXPORT: received "profiles.example:4040", expected a path, or a URL like https://host/profiles or pyroscope+https://host; using no continuous profiles',
    ],
    [
      { TELLTALE_PROFILING: "continous" },
      'TELLTALE_PROFILING: received "continous", expected on_demand, continuous or none (did you mean continuous?); using none',
    ],
    [
      { TELLTALE_DEV_LOG: "querie" },
      'TELLTALE_DEV_LOG: received "querie", expected requests or queries (did you mean queries?); using none',
    ],
    [
      { TELLTALE_SERVER_TIMING: "true", NODE_ENV: "production" },
      'TELLTALE_SERVER_TIMING: received "true", expected another NODE_ENV than production; using no such headers',
    ],
    [
      { TELLTALE_VIEWER: "http://localhost:9465", NODE_ENV: "production" },
      'TELLTALE_VIEWER: received "http://localhost:9465", expected another NODE_ENV than production, or TELLTALE_VIEWER_FORCE=true; using no viewer',
    ],
    [
      { TELLTALE_ALERT_URL: "T000/B000/s3cret" },
      "TELLTALE_ALERT_URL: received ***, expected a URL that begins with https:// or http:// and a host; using no alerts",
    ],
    [
      { SENTRY_SPOTLIGHT: "localhost:8969" },
      'SENTRY_SPOTLIGHT: received "localhost:8969", expected 1, 0 or a URL like http://localhost:8969/stream; using no Spotlight',
    ],
    [
      { TELLTALE_IGNORE_ERRORS: "/health" },
      'TELLTALE_IGNORE_ERRORS: received "/health", expected a text, or a regular expression like /^connect ECONN/i (the slash at the end is missing); using the other entries',
    ],
    [
      { TELLTALE_USER_FIELDS: "id,password" },
      'TELLTALE_USER_FIELDS: received "password", expected fields that are no secrets; using the other fields',
    ],
    [
      { TELLTALE_DATA_COLLECTION: "userInfo,genAI" },
      'TELLTALE_DATA_COLLECTION: received "genAI", expected userInfo, cookies, httpHeaders, httpBodies, urlQueryParams or none (telltale collects no such data); using userInfo',
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://:pass@word@[host" },
      'OTEL_EXPORTER_OTLP_ENDPOINT: received "http://***@[host", expected a URL like http://localhost:4318; using http://localhost:4318 (gRPC: http://localhost:4317)',
    ],
    [
      { OTEL_TRACES_SAMPLER_ARG: "0.1" },
      'OTEL_TRACES_SAMPLER_ARG: received "0.1", expected OTEL_TRACES_SAMPLER to be traceidratio or parentbased_traceidratio; using no argument',
    ],
    [
      { OTEL_EXPORTER_JAEGER_PASSWORD: "hunter2" },
      "OTEL_EXPORTER_JAEGER_PASSWORD is set and has no effect: removed from the specification; Jaeger accepts OTLP",
    ],
    [
      { OTEL_TRACES_EXPORTERS: "otlp" },
      "OTEL_TRACES_EXPORTERS is not known, did you mean OTEL_TRACES_EXPORTER?",
    ],
  ];
  for (const [given, line] of rows) {
    it(`contains: ${line}`, () => {
      assert.equal(report(given), `telltale: ${line}\n`);
    });
  }

  it("has one line for each issue", () => {
    const lines = report({
      OTEL_TRACES_EXPORTER: "a,b",
      OTEL_LOG_LEVEL: "loud",
      OTEL_EXPERIMENTAL_CONFIG_FILE: "otel.yaml",
    }).split("\n");
    assert.equal(lines.pop(), "");
    assert.equal(lines.length, 4);
    for (const line of lines) assert.match(line, /^telltale: OTEL_/);
  });

  it("contains no control characters, whatever was received", () => {
    const text = "a\nb\rc\u001b[31m\u0085\u2028\u202e\u007f".repeat(3);
    const lines = report({ OTEL_LOG_LEVEL: text }).split("\n");
    assert.equal(lines.length, 2);
    assert.doesNotMatch(lines[0] ?? "", /[^\x20-\x7e…]/);
  });

  it("truncates long values", () => {
    assert.ok(report({ OTEL_LOG_LEVEL: "x".repeat(10_000) }).length < 250);
  });
});

describe("Secrets", () => {
  const SECRET = "hunter2hunter2";
  const texts = [
    SECRET,
    `https://${SECRET}@host`,
    `https://user:${SECRET}@host/1/`,
    `https://user:${SECRET}/@@host:99999/x`,
    `http://host/${SECRET}/v1?key=${SECRET}#${SECRET}`,
    `user:${SECRET}@host:4318`,
    `ftp://${SECRET}@host/`,
    `authorization=Bearer ${SECRET}\n`,
    `authorization=${SECRET}%`,
    `${SECRET},${SECRET}=,=${SECRET}`,
    `a b=${SECRET},c=d`,
    `-----BEGIN PRIVATE KEY-----\n${SECRET}\n`,
    `-----BEGIN ${SECRET}`,
  ];
  const secretive = variables
    .map((variable) => variable.name)
    .filter((name) => /HEADERS|DSN|JAEGER/.test(name));
  for (const name of secretive) {
    it(`never appear in the report, whatever ${name} is set to`, () => {
      for (const text of texts) assert.doesNotMatch(report({ [name]: text }), /hunter2/, text);
    });
  }

  const addresses = variables
    .map((variable) => variable.name)
    .filter((name) => name.endsWith("ENDPOINT"));
  for (const name of addresses) {
    it(`never appear in the report, wherever they are in the address of ${name}`, () => {
      const parts = texts.filter((text) => /[/@]/.test(text));
      for (const text of parts) assert.doesNotMatch(report({ [name]: text }), /hunter2/, text);
    });
  }

  for (const name of ["OTEL_EXPORTER_OTLP_CLIENT_KEY", "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY"]) {
    it(`never appear in the report if ${name} is the key instead of its path`, () => {
      const keys = texts.filter((text) => text.includes("-----BEGIN"));
      for (const text of keys) assert.doesNotMatch(report({ [name]: text }), /hunter2/);
    });
  }

  it("never appear in the report of an address, whichever variable it is set in", () => {
    for (const { name } of variables) {
      for (const text of [`https://user:${SECRET}@host`, `https://host/?key=${SECRET}`]) {
        assert.doesNotMatch(report({ [name]: text }), /hunter2/, name);
      }
    }
  });
});

describe("A masked address", () => {
  const rows: readonly [string, string][] = [
    ["http://host:4318", "http://host:4318"],
    ["http://host:4318/", "http://host:4318/".slice(0, -1)],
    ["https://user:pass@host/path?a=b#c", "https://***@host/***"],
    ["https://host/path", "https://host/***"],
    ["https://host?key=1", "https://host/***"],
    ["user@host:1", "***@host:1"],
    ["host:1/path", "host:1/***"],
    ["", ""],
    ["https://a@b@c/d@e", "https://***@e"],
  ];
  for (const [address, shown] of rows) {
    it(`${JSON.stringify(address)} is ${JSON.stringify(shown)}`, () => {
      assert.equal(maskAddress(address), shown);
    });
  }

  it("is used for any text that contains an address", () => {
    assert.equal(formatMasked("http://user:pass@host"), '"http://***@host"');
    assert.equal(formatMasked("plain"), '"plain"');
  });
});

function report(given: Readonly<Record<string, string>>): string {
  return formatIssues(parseConfig(environmentOf(given)).issues);
}
