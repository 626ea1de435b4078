import { fileURLToPath } from "node:url";
import type { Fault } from "../../../src/testing/fault.ts";
import type { SignalCounts } from "./service.ts";

/** Placeholder of the receiver's address in rows and expected lines. */
export const COLLECTOR = "collector:4318";
/** Placeholder of the receiver's gRPC address. */
export const COLLECTOR_GRPC = "collector:4317";
/** A port without a server. */
export const UNUSED_PORT = "unused:4318";

export interface BadInputRow {
  readonly title: string;
  /** In addition to the variables that export everything to the receiver. */
  readonly env?: Readonly<Record<string, string>>;
  /** Faults of the receiver. */
  readonly faults?: readonly Fault[];
  /** All of stderr, in any order, without `telltale: `. */
  readonly lines: readonly string[];
  /** Expected counters after three requests, one of which fails. Default: everything is sent. */
  readonly spans?: SignalCounts;
  readonly logs?: SignalCounts;
  readonly events?: SignalCounts;
  /** Minimum time between the first and the last request to the receiver. */
  readonly atLeastMs?: number;
}

const DEFAULT_COUNTS = "(dropped and counted until it works)";
const noCounts: SignalCounts = {};
const failedCounts: SignalCounts = { failed: 3 };

/** Invalid variables: the report, and the fallback values in effect. */
export const configurations: readonly BadInputRow[] = [
  {
    title: "a URL that can't be parsed",
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http//collector:4318" },
    lines: [
      `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: received "http/***", expected a URL like http://localhost:4318; using http://${COLLECTOR}`,
    ],
  },
  {
    title: "a URL of another protocol",
    env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "ftp://collector" },
    lines: [
      `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: received "ftp://collector", expected a URL like http://localhost:4318; using http://${COLLECTOR}`,
    ],
  },
  {
    title: "an unknown exporter of traces",
    env: { OTEL_TRACES_EXPORTER: "otpl" },
    lines: [
      'OTEL_TRACES_EXPORTER: received "otpl", expected otlp, console or none (did you mean otlp?); using otlp',
    ],
  },
  {
    title: "metrics that can't be selected or changed",
    env: {
      TELLTALE_METRICS_DROP: "*.duration",
      TELLTALE_METRICS_RENAME: "http.*=web",
      TELLTALE_METRICS_DROP_ATTRIBUTES: "http.server.request.duration",
      TELLTALE_METRICS_BUCKETS: "http.server.request.duration:1,0.5",
      TELLTALE_METRICS_CARDINALITY_LIMIT: "many",
      TELLTALE_METRICS_EXPIRE_MS: "1",
    },
    lines: [
      'TELLTALE_METRICS_DROP: received "*.duration", expected instrument names such as http.client.*; using the other entries',
      'TELLTALE_METRICS_RENAME: received "http.*=web", expected name=new name; using the other entries',
      'TELLTALE_METRICS_DROP_ATTRIBUTES: received "http.server.request.duration", expected instrument:attribute,attribute; using the other entries',
      'TELLTALE_METRICS_BUCKETS: received "http.server.request.duration:1,0.5", expected instrument:limit,limit with increasing numbers; using the other entries',
      'TELLTALE_METRICS_CARDINALITY_LIMIT: received "many", expected an integer from 1 to 1000000, or instrument=integer; using the other entries',
      'TELLTALE_METRICS_EXPIRE_MS: received "1", expected an integer from 1000 to 2147483647; using none',
    ],
  },
  {
    title: "credentials of scrapers that can't be used",
    env: {
      TELLTALE_METRICS_TOKEN: "swordfish",
      TELLTALE_METRICS_TOKEN_FILE: "/run/secrets/token",
      TELLTALE_METRICS_USERNAME: "prometheus:1",
      TELLTALE_METRICS_PASSWORD: "sword",
      TELLTALE_PROBES_AUTH: "yes",
    },
    lines: [
      "TELLTALE_METRICS_TOKEN: received ***, expected at least 16 characters; using no access by it",
      'TELLTALE_METRICS_TOKEN_FILE: received "/run/secrets/token", expected it or TELLTALE_METRICS_TOKEN; using TELLTALE_METRICS_TOKEN',
      'TELLTALE_METRICS_USERNAME: received "prometheus:1", expected a name without a colon; using no access by it',
      "TELLTALE_METRICS_PASSWORD: received ***, expected at least 16 characters; using no access by it",
      'TELLTALE_PROBES_AUTH: received "yes", expected true or false; using false',
    ],
  },
  {
    title: "a translation of names that is not known",
    env: {
      TELLTALE_PROMETHEUS_TRANSLATION: "no_translatoin",
      TELLTALE_PROMETHEUS_CREATED: "maybe",
      TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS: "sparse",
    },
    lines: [
      'TELLTALE_PROMETHEUS_TRANSLATION: received "no_translatoin", expected underscore_escaping_with_suffixes, underscore_escaping_without_suffixes, no_utf8_escaping_with_suffixes or no_translation (did you mean no_translation?); using underscore_escaping_with_suffixes',
      'TELLTALE_PROMETHEUS_CREATED: received "maybe", expected true or false; using false',
      'TELLTALE_PROMETHEUS_NATIVE_HISTOGRAMS: received "sparse", expected true or false; using false',
    ],
  },
  {
    title: "an address for alerts that is none",
    env: { TELLTALE_ALERT_URL: "hooks.slack.com/services/T000/B000/swordfish" },
    lines: [
      "TELLTALE_ALERT_URL: received ***, expected a URL that begins with https:// or http:// and a host; using no alerts",
    ],
  },
  {
    title: "an exporter that no longer exists",
    env: { OTEL_TRACES_EXPORTER: "zipkin" },
    lines: [
      'OTEL_TRACES_EXPORTER: received "zipkin", expected otlp, console or none (Zipkin accepts OTLP); using otlp',
    ],
  },
  {
    title: "an unknown exporter of metrics",
    env: { OTEL_METRICS_EXPORTER: "promethus" },
    lines: [
      'OTEL_METRICS_EXPORTER: received "promethus", expected prometheus, otlp, console or none (did you mean prometheus?); using prometheus',
    ],
  },
  {
    title: "an unknown sampler",
    env: { OTEL_TRACES_SAMPLER: "parentbased_trace_id_ratio" },
    lines: [
      'OTEL_TRACES_SAMPLER: received "parentbased_trace_id_ratio", expected always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio (did you mean parentbased_traceidratio?); using parentbased_always_on',
    ],
  },
  {
    title: "an unknown option of the data collection and a known one",
    env: { TELLTALE_DATA_COLLECTION: "cookies,headers" },
    lines: [
      'TELLTALE_DATA_COLLECTION: received "headers", expected userInfo, cookies, httpHeaders, httpBodies, urlQueryParams or none (did you mean httpHeaders?); using cookies',
    ],
  },
  {
    title: "an unknown rule for merging metrics and a known one",
    env: { TELLTALE_METRICS_MERGE: "queue.depth=sun,cache.*=max" },
    lines: [
      'TELLTALE_METRICS_MERGE: received "queue.depth=sun", expected metric=rule with one of the rules sum, max, min, separate (did you mean sum?); using the other entries',
    ],
  },
  {
    title: "a field of the user that is a secret",
    env: { TELLTALE_USER_FIELDS: "id,password" },
    lines: [
      'TELLTALE_USER_FIELDS: received "password", expected fields that are no secrets; using the other fields',
    ],
  },
  {
    title: "an unknown propagator and a known one",
    env: { OTEL_PROPAGATORS: "tracecontxt,baggage" },
    lines: [
      'OTEL_PROPAGATORS: received "tracecontxt", expected tracecontext, baggage, b3, b3multi, jaeger, xray, sentry or none (did you mean tracecontext?); using baggage',
    ],
  },
  {
    title: "a number out of range",
    env: { OTEL_BSP_MAX_QUEUE_SIZE: "-1" },
    lines: [
      'OTEL_BSP_MAX_QUEUE_SIZE: received "-1", expected an integer from 1 to 2147483647; using 2048',
    ],
  },
  {
    title: "a ratio above 1",
    env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1.5" },
    lines: ['OTEL_TRACES_SAMPLER_ARG: received "1.5", expected a number from 0 to 1; using 1'],
  },
  {
    title: "a DSN without a project",
    env: { SENTRY_DSN: "https://key@o1.ingest.sentry.io/" },
    lines: [
      "SENTRY_DSN: received ***, expected https://<key>@<host>/<project> (the project number is missing); using no error reporting",
    ],
    events: noCounts,
  },
  {
    title: "ignored errors with malformed regular expressions",
    env: {
      TELLTALE_IGNORE_ERRORS: "/(?=x)/,ECONNRESET,/health",
      TELLTALE_IGNORE_TRANSACTIONS: "*",
    },
    lines: [
      'TELLTALE_IGNORE_ERRORS: received "/health", expected a text, or a regular expression like /^connect ECONN/i (the slash at the end is missing); using the other entries',
      'TELLTALE_IGNORE_TRANSACTIONS: received "*", expected a route like GET /health or /internal/*; using the other entries',
      'TELLTALE_IGNORE_ERRORS: received "/(?=x)/", expected a regular expression in the syntax of RE2, without look-around and back references (error parsing regexp: invalid or unsupported Perl syntax: `(?=`); using the other entries',
    ],
  },
  {
    title: "secrets by malformed names and regular expressions",
    env: { TELLTALE_REDACT: "/(?=x)/,user name,/EMP/x,-/(a)\\1/,*,nationalId" },
    lines: [
      'TELLTALE_REDACT: received "user name", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone; using the other entries',
      'TELLTALE_REDACT: received "/EMP/x", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone (its flags may be i, m, s, u); using the other entries',
      'TELLTALE_REDACT: received "*", expected names or paths of fields, /regular expressions/, each with - for an exception, email, ip; or none alone (it would be every field); using the other entries',
      'TELLTALE_REDACT: received "/(?=x)/", expected a regular expression in the syntax of RE2, without look-around and back references (error parsing regexp: invalid or unsupported Perl syntax: `(?=`); using the other entries',
      'TELLTALE_REDACT: received "/(a)\\\\1/", expected a regular expression in the syntax of RE2, without look-around and back references (error parsing regexp: invalid escape sequence: `\\1`); using the other entries',
    ],
  },
  {
    title: "a level of buffered lines that does not exist",
    env: { TELLTALE_LOG_BUFFER: "loud" },
    lines: [
      'TELLTALE_LOG_BUFFER: received "loud", expected info, http, verbose, debug, silly or trace; using none',
    ],
  },
  {
    title: "sizes and numbers of log files that are none",
    env: { TELLTALE_LOG_MAX_SIZE: "large", TELLTALE_LOG_MAX_FILES: "errors=20,audit=5" },
    lines: [
      'TELLTALE_LOG_MAX_SIZE: received "large", expected a size like 10MB, or errors=10MB; using 10MB',
      'TELLTALE_LOG_MAX_FILES: received "audit=5", expected a file of application, errors, performance, security; using the other entries',
    ],
  },
  {
    title: "a module of filters that does not exist",
    env: { TELLTALE_BEFORE_SEND: "./nowhere.mjs" },
    lines: [
      "TELLTALE_BEFORE_SEND: the module can't be used: it, or a module of it, is not found; such events are sent without messages and data",
    ],
  },
  {
    title: "an extension that does not exist",
    env: { TELLTALE_EXTENSION: "./nowhere.mjs" },
    lines: [
      "TELLTALE_EXTENSION: the module can't be used: it, or a module of it, is not found; telltale runs without it",
    ],
  },
  {
    title: "a Spotlight that does not run",
    env: { SENTRY_SPOTLIGHT: `http://${UNUSED_PORT}/stream` },
    lines: [
      `Spotlight at ${UNUSED_PORT} can't be reached (ECONNREFUSED); events are tried 3 times, then dropped and counted`,
    ],
  },
  {
    title: "a filter that throws",
    env: { TELLTALE_BEFORE_SEND: fileURLToPath(new URL("throwing-filter.cjs", import.meta.url)) },
    lines: [
      "TELLTALE_BEFORE_SEND: beforeSend threw TypeError; such events are sent without messages and data",
    ],
  },
  {
    title: "a maximum size of stored events that is too small",
    env: { TELLTALE_SENTRY_SPOOL_MAX_SIZE: "32MB" },
    lines: [
      'TELLTALE_SENTRY_SPOOL_MAX_SIZE: received "32MB", expected an integer from 1000000 to 2147483647; using 32000000',
    ],
  },
  {
    title: "a folder for stored events that is a file",
    env: { TELLTALE_SENTRY_SPOOL_DIR: "/dev/null" },
    lines: [
      "events can't be stored in /dev/null (ENOTDIR: not a directory); they are kept in memory only, as without TELLTALE_SENTRY_SPOOL_DIR",
    ],
  },
  {
    title: "a certificate file that can't be read",
    env: { OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere/ca.pem" },
    lines: [
      'OTEL_EXPORTER_OTLP_CERTIFICATE: received "/nowhere/ca.pem", expected the path of a readable PEM file; using none',
    ],
  },
  {
    title: "a certificate file that is a folder",
    env: { OTEL_EXPORTER_OTLP_CERTIFICATE: "/" },
    lines: [
      'OTEL_EXPORTER_OTLP_CERTIFICATE: received "/", expected the path of a readable PEM file; using none',
    ],
  },
  {
    title: "an unknown instrumentation",
    env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "elasticsearch,pgg,fs" },
    lines: [
      'OTEL_NODE_DISABLED_INSTRUMENTATIONS: received "pgg", expected NAMES (did you mean pg?); using fs',
    ],
  },
  {
    title: "a variable of the standard that has no effect",
    env: { OTEL_EXPERIMENTAL_CONFIG_FILE: "otel.yaml" },
    lines: [
      "OTEL_EXPERIMENTAL_CONFIG_FILE is set and has no effect: the name before version 1.0; use OTEL_CONFIG_FILE",
    ],
  },
  {
    title: "a configuration file that does not exist",
    env: { OTEL_CONFIG_FILE: "missing/otel.yaml" },
    lines: [
      'OTEL_CONFIG_FILE: received "missing/otel.yaml", expected a readable file of at most 1 MB; using the other variables',
    ],
  },
  {
    title: "an unknown variable",
    env: { OTEL_TRACE_SAMPLER: "always_off" },
    lines: ["OTEL_TRACE_SAMPLER is not known, did you mean OTEL_TRACES_SAMPLER?"],
  },
  {
    title: "names that Sentry does not accept",
    env: { SENTRY_RELEASE: "feature/a", SENTRY_ENVIRONMENT: "none" },
    lines: [
      'SENTRY_ENVIRONMENT: received "none", expected a name of at most 64 bytes without / and \\; using deployment.environment.name',
      'SENTRY_RELEASE: received "feature/a", expected a name of at most 200 bytes without / and \\; using its first 200 bytes, with a dash for each of these characters',
    ],
  },
  {
    title: "several at once, in one report",
    env: {
      OTEL_SERVICE_NAME: "  ",
      OTEL_LOG_LEVEL: "loud",
      OTEL_TRACES_SAMPLER: "sometimes",
      OTEL_BLRP_SCHEDULE_DELAY: "soon",
      SENTRY_SAMPLE_RATE: "50%",
      TELLTALE_BREADCRUMBS: "logs,http",
      TELLTALE_FLUSH_TIMOUT: "10",
    },
    lines: [
      'OTEL_LOG_LEVEL: received "loud", expected none, error, warn, info, debug, verbose or all; using info',
      'OTEL_TRACES_SAMPLER: received "sometimes", expected always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio; using parentbased_always_on',
      'OTEL_BLRP_SCHEDULE_DELAY: received "soon", expected an integer from 0 to 2147483647; using 1000',
      'SENTRY_SAMPLE_RATE: received "50%", expected a number from 0 to 1; using 1',
      'TELLTALE_BREADCRUMBS: received "logs", expected log, http, query or none (did you mean log?); using http',
      "TELLTALE_FLUSH_TIMOUT is not known, did you mean TELLTALE_FLUSH_TIMEOUT?",
    ],
  },
];

/** Enough for a response on a busy machine, before an export without one is given up. */
const TIMEOUT_MS = 1500;
const quickExport = { OTEL_EXPORTER_OTLP_TIMEOUT: String(TIMEOUT_MS) };
/** Exports a single signal, for lines that the first failing signal logs. */
const spansOnly = { ...quickExport, OTEL_LOGS_EXPORTER: "none" };
const collector = ["traces", "logs"] as const;

/** The same fault for both signals. */
function each(fault: Fault): Fault[] {
  return collector.map((signal) => ({ ...fault, signal }));
}

/** The one line for both signals; which of them is the first to be refused is chance. */
function refusals(reason: string): string[] {
  return [`cannot send spans to http://${COLLECTOR}/v1/traces: ${reason} ${DEFAULT_COUNTS}`];
}

/** A line as if spans had been refused first. */
export function withSpansFirst(line: string): string {
  return line.replace(
    /cannot send log records to (\S+)\/v1\/logs:/,
    "cannot send spans to $1/v1/traces:",
  );
}

/** @param env of a status after which exports are tried again until their time limit. */
function refusing(status: number, reason: string, env: BadInputRow["env"] = {}): BadInputRow {
  return {
    title: `a collector that responds with ${status}`,
    env,
    faults: each({ kind: "status", status }),
    lines: refusals(`answered ${status} ${reason}`),
    spans: failedCounts,
    logs: failedCounts,
  };
}

/** Faults of the collector: the app is not affected, and lost items are counted. */
export const collectors: readonly BadInputRow[] = [
  {
    title: "no collector",
    env: { ...spansOnly, OTEL_EXPORTER_OTLP_ENDPOINT: `http://${UNUSED_PORT}` },
    lines: [
      `cannot send spans to http://${UNUSED_PORT}: connection refused; is a Collector running there? ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
  {
    title: "a collector with an unknown host name",
    env: { ...spansOnly, OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.invalid:4318" },
    lines: [
      `cannot send spans to http://collector.invalid:4318: the host's name is unknown; check OTEL_EXPORTER_OTLP_ENDPOINT ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
  {
    title: "a collector that hangs",
    env: spansOnly,
    faults: each({ kind: "hang" }),
    lines: [
      `cannot send spans to http://${COLLECTOR}: no answer within ${TIMEOUT_MS} ms ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
  {
    title: "a collector that accepts the connection and never reads",
    env: spansOnly,
    faults: each({ kind: "no-read" }),
    lines: [
      `cannot send spans to http://${COLLECTOR}: no answer within ${TIMEOUT_MS} ms ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
  {
    title: "a collector that accepts everything and sends its response body slowly",
    env: quickExport,
    faults: each({ kind: "slow-body", everyMs: 20 }),
    lines: [
      `spans sent to http://${COLLECTOR}/v1/traces, but its answer could not be read in full`,
      `log records sent to http://${COLLECTOR}/v1/logs, but its answer could not be read in full`,
    ],
  },
  {
    title: "a collector that sends an error response slowly",
    env: quickExport,
    faults: each({ kind: "slow-body", everyMs: 20, status: 500 }),
    lines: refusals("answered 500 Internal Server Error"),
    spans: failedCounts,
    logs: failedCounts,
  },
  {
    title: "a collector that closes the connection without a response",
    env: spansOnly,
    faults: each({ kind: "close" }),
    lines: [
      `cannot send spans to http://${COLLECTOR}: the connection was closed before an answer ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
  refusing(400, "Bad Request"),
  refusing(401, "Unauthorized; check OTEL_EXPORTER_OTLP_HEADERS"),
  refusing(404, "Not Found; check the path in OTEL_EXPORTER_OTLP_ENDPOINT"),
  refusing(500, "Internal Server Error"),
  refusing(503, "Service Unavailable", quickExport),
  refusing(429, "Too Many Requests", quickExport),
  {
    title: "a collector that responds with 429 once, with a Retry-After of a second",
    faults: each({ kind: "status", status: 429, headers: { "retry-after": "1" }, times: 1 }),
    lines: [],
    // A timer may be a millisecond early.
    atLeastMs: 999,
  },
  {
    title: "a collector that responds with 429 once, with an invalid Retry-After",
    faults: each({ kind: "status", status: 429, headers: { "retry-after": "soon" }, times: 1 }),
    lines: [],
    // The first back-off is random: at least a tenth of a second, at most one.
    atLeastMs: 99,
  },
  {
    title: "a collector that rejects a part",
    faults: each({ kind: "partial", rejected: 1, message: "too old", times: 1 }),
    lines: [
      `spans sent to http://${COLLECTOR}/v1/traces, but 1 was rejected: "too old"`,
      `log records sent to http://${COLLECTOR}/v1/logs, but 1 was rejected: "too old"`,
    ],
    spans: { sent: 2, rejected: 1 },
    logs: { sent: 2, rejected: 1 },
  },
  {
    title: "a collector that accepts everything and responds with 100 MB",
    faults: each({ kind: "huge-body", bytes: 100_000_000 }),
    lines: [
      `spans sent to http://${COLLECTOR}/v1/traces, but its answer could not be read in full`,
      `log records sent to http://${COLLECTOR}/v1/logs, but its answer could not be read in full`,
    ],
  },
  {
    title: "a collector that rejects everything with 100 MB",
    faults: each({ kind: "huge-body", bytes: 100_000_000, status: 400 }),
    lines: refusals("answered 400 Bad Request with more than 65536 bytes"),
    spans: failedCounts,
    logs: failedCounts,
  },
  {
    title: "a collector that rejects metrics",
    env: { OTEL_METRICS_EXPORTER: "otlp", OTEL_METRIC_EXPORT_INTERVAL: "100" },
    faults: [{ kind: "status", status: 500, signal: "metrics" }],
    lines: [
      `cannot send data points to http://${COLLECTOR}/v1/metrics: answered 500 Internal Server Error ${DEFAULT_COUNTS}`,
    ],
  },
  {
    title: "a collector without TLS behind https://",
    env: { ...spansOnly, OTEL_EXPORTER_OTLP_ENDPOINT: `https://${COLLECTOR}` },
    lines: [
      `cannot send spans to https://${COLLECTOR}: no TLS connection (ERR_SSL); http:// or https:// mixed up? ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
  {
    title: "a collector that speaks gRPC where HTTP is configured",
    env: { ...spansOnly, OTEL_EXPORTER_OTLP_ENDPOINT: `http://${COLLECTOR_GRPC}` },
    lines: [
      `cannot send spans to http://${COLLECTOR_GRPC}: what answers there speaks another protocol (HPE_INVALID_CONSTANT); check OTEL_EXPORTER_OTLP_PROTOCOL (usually 4317 is gRPC, 4318 HTTP) ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
  {
    title: "a collector that speaks HTTP where gRPC is configured",
    env: { ...spansOnly, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    lines: [
      `cannot send spans to http://${COLLECTOR}: what answers there speaks another protocol (ERR_HTTP2_ERROR); check OTEL_EXPORTER_OTLP_PROTOCOL (usually 4317 is gRPC, 4318 HTTP) ${DEFAULT_COUNTS}`,
    ],
    spans: failedCounts,
    logs: noCounts,
  },
];

/** Certificates of the admin server that can't be used: the reason for its closed port. */
export const certificates: readonly (readonly [
  title: string,
  env: Readonly<Record<string, string>>,
  reason: string,
])[] = [
  [
    "a certificate without its key",
    { TELLTALE_ADMIN_CERTIFICATE: "/run/secrets/tls.crt" },
    "TELLTALE_ADMIN_KEY is missing, HTTPS requires both",
  ],
  [
    "a key without its certificate",
    { TELLTALE_ADMIN_KEY: "/run/secrets/tls.key" },
    "TELLTALE_ADMIN_CERTIFICATE is missing, HTTPS requires both",
  ],
  [
    "a certificate that does not exist",
    {
      TELLTALE_ADMIN_CERTIFICATE: "/run/secrets/nothing.crt",
      TELLTALE_ADMIN_KEY: "/run/secrets/nothing.key",
    },
    "the files of TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY can't be used (ENOENT)",
  ],
];

const RETRIED = "events are tried 3 times, then dropped and counted";

function sentryAnswering(status: number, advice = ""): BadInputRow {
  const consequence = status < 500 ? "such events are dropped and counted" : RETRIED;
  return {
    title: `a Sentry that responds with ${status}`,
    faults: [{ kind: "status", status, signal: "events" }],
    lines: [`Sentry at ${COLLECTOR} answers ${status}${advice}; ${consequence}`],
    events: { rejected: 1 },
  };
}

/** Faults of Sentry: traces and logs are still exported. */
export const sentries: readonly BadInputRow[] = [
  {
    title: "no Sentry",
    env: { SENTRY_DSN: `http://key@${UNUSED_PORT}/1` },
    lines: [`Sentry at ${UNUSED_PORT} can't be reached (ECONNREFUSED); ${RETRIED}`],
    events: { failed: 1 },
  },
  {
    title: "a Sentry that closes the connection without a response",
    faults: [{ kind: "close", signal: "events" }],
    lines: [`Sentry at ${COLLECTOR} can't be reached (ECONNRESET); ${RETRIED}`],
    events: { failed: 1 },
  },
  {
    title: "a Sentry that hangs",
    faults: [{ kind: "hang", signal: "events" }],
    lines: [],
    events: { queued: 1 },
  },
  {
    title: "a Sentry that sends its response body slowly",
    faults: [{ kind: "slow-body", everyMs: 20, signal: "events" }],
    lines: [],
  },
  {
    title: "a Sentry that responds with 100 MB",
    faults: [{ kind: "huge-body", bytes: 100_000_000, signal: "events" }],
    lines: [],
  },
  sentryAnswering(400),
  sentryAnswering(403, " (check SENTRY_DSN)"),
  sentryAnswering(429),
  sentryAnswering(500),
];
