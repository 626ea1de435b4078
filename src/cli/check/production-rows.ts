import type { Severity } from "../doctor/finding-rows.ts";

/** A point of the checklist for production. `{name}` in a text is a placeholder. */
export interface ProductionRow {
  readonly topic: Topic;
  readonly severity: Severity;
  readonly message: string;
  readonly remedy: string;
}

export type Topic = "identity" | "exports" | "data" | "exposure" | "operation";

/** The topics, in their order. */
export const topics: Readonly<Record<Topic, string>> = {
  identity: "Names",
  exports: "Sampling and exports",
  data: "Personal data and secrets",
  exposure: "Exposure",
  operation: "Operation",
};

/** What `telltale check --production` finds, beside what doctor finds in the environment. */
export const productionRows = {
  "environment-unset": {
    topic: "identity",
    severity: "warning",
    message: "the environment has no name",
    remedy:
      "Set deployment.environment.name in OTEL_RESOURCE_ATTRIBUTES, SENTRY_ENVIRONMENT, or NODE_ENV",
  },
  "environment-other": {
    topic: "identity",
    severity: "warning",
    message: "the environment is {environment}, which is not production",
    remedy:
      "Set SENTRY_ENVIRONMENT=production, or deployment.environment.name in OTEL_RESOURCE_ATTRIBUTES",
  },
  "node-env": {
    topic: "identity",
    severity: "warning",
    message: "NODE_ENV is {value}",
    remedy: "Set NODE_ENV=production: frameworks cache, and hide details of errors, only then",
  },
  "release-missing": {
    topic: "identity",
    severity: "warning",
    message: "the release is not known",
    remedy: "Set SENTRY_RELEASE, a commit of the platform, or a version in package.json",
  },
  "service-name-missing": {
    topic: "identity",
    severity: "warning",
    message: "the service has no name and is recorded as {name}",
    remedy: "Set OTEL_SERVICE_NAME, or a name in package.json",
  },
  "sampling-complete": {
    topic: "exports",
    severity: "info",
    message: "all traces are exported",
    remedy:
      "If that is too much, set OTEL_TRACES_SAMPLER=parentbased_traceidratio and OTEL_TRACES_SAMPLER_ARG=0.1: traces with errors are exported in any case",
  },
  "errors-off": {
    topic: "exports",
    severity: "info",
    message: "SENTRY_DSN is not set: errors are in traces and logs only",
    remedy: "Set SENTRY_DSN to report errors to Sentry",
  },
  "console-exporter": {
    topic: "exports",
    severity: "warning",
    message: "{variable} has console, which prints telemetry among the lines of the app",
    remedy: "Remove console from {variable}",
  },
  "signals-ignored": {
    topic: "exports",
    severity: "warning",
    message: "TELLTALE_SIGNALS leaves SIGTERM out: what is queued at a rollout may be lost",
    remedy: "Unset TELLTALE_SIGNALS",
  },
  "redaction-off": {
    topic: "data",
    severity: "error",
    message: "TELLTALE_REDACT is none: secrets leave in spans, logs and events",
    remedy: "Unset TELLTALE_REDACT, or name the exceptions only",
  },
  "personal-data": {
    topic: "data",
    severity: "warning",
    message: "{variable} adds {data} to events",
    remedy: "Unset {variable}, unless your users know of it",
  },
  "user-fields": {
    topic: "data",
    severity: "info",
    message: "TELLTALE_USER_FIELDS adds {data} of users to events",
    remedy: "Leave only id, unless the others are needed",
  },
  "sql-log": {
    topic: "data",
    severity: "warning",
    message: "TELLTALE_SQL_LOG logs each query",
    remedy: "Unset TELLTALE_SQL_LOG: it is for development",
  },
  "log-level": {
    topic: "data",
    severity: "warning",
    message: "TELLTALE_LOG_LEVELS sets {level} for {logger}",
    remedy: "Set info: TELLTALE_LOG_BUFFER keeps finer lines of requests that fail",
  },
  "admin-open": {
    topic: "exposure",
    severity: "warning",
    message:
      "the admin server listens on {host} without credentials: all that reach port {port} can read metrics and health",
    remedy: "Set TELLTALE_METRICS_TOKEN_FILE, or admit only Prometheus by a network policy",
  },
  "admin-plain": {
    topic: "exposure",
    severity: "info",
    message: "the admin server on {host} takes credentials without TLS",
    remedy:
      "Set TELLTALE_ADMIN_CERTIFICATE and TELLTALE_ADMIN_KEY, unless the network is encrypted",
  },
  "endpoint-plain": {
    topic: "exposure",
    severity: "warning",
    message: "telemetry is sent to {address} without TLS",
    remedy: "Use https:// in {variable}, or a Collector in the own network",
  },
  "credentials-plain": {
    topic: "exposure",
    severity: "error",
    message: "the headers of OTLP, with their key, are sent to {address} without TLS",
    remedy: "Use https:// in {variable}",
  },
  "certificates-unchecked": {
    topic: "exposure",
    severity: "error",
    message:
      "NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is verified, also those of the app's own connections",
    remedy: "Unset it, and set NODE_EXTRA_CA_CERTS to the certificate of the authority",
  },
  "inspector-flag": {
    topic: "exposure",
    severity: "error",
    message: "the flag {flag} opens the inspector, by which anybody who reaches it runs code",
    remedy: "Remove {flag} from NODE_OPTIONS and from the start script",
  },
  "debug-variable": {
    topic: "operation",
    severity: "warning",
    message: "{variable} is set, which is for development",
    remedy: "Unset {variable}",
  },
  "own-level": {
    topic: "operation",
    severity: "warning",
    message: "OTEL_LOG_LEVEL is {level}: {effect}",
    remedy: "Unset OTEL_LOG_LEVEL",
  },
  "development-runner": {
    topic: "operation",
    severity: "warning",
    message: "the start script uses {runner}, which is for development",
    remedy: "Start built files by node --import telltale/register",
  },
  "probes-missing": {
    topic: "operation",
    severity: "warning",
    message: "no Dockerfile, Compose file or manifest has a probe of /livez, /readyz or /healthz",
    remedy: "Add the probes of docs/health.md, or telltale health as the HEALTHCHECK of the image",
  },
  "checks-missing": {
    topic: "operation",
    severity: "warning",
    message: "the code registers no health check, so /readyz knows nothing of its dependencies",
    remedy: "Call addHealthCheck for the database and all else without which requests fail",
  },
  "alerts-missing": {
    topic: "operation",
    severity: "warning",
    message: "there are no alert rules in {folder}",
    remedy: "Run telltale ops, and load its rules into Prometheus",
  },
  "alerts-invalid": {
    topic: "operation",
    severity: "warning",
    message: "the options of the alert rules are invalid: {problem}",
    remedy:
      "Correct the file, and run telltale ops: until then, the rules can't be compared with it",
  },
  "alerts-unreadable": {
    topic: "operation",
    severity: "warning",
    message: "the alert rules can't be compared: {reason}",
    remedy: "Restore the folder, or write it again with telltale ops",
  },
  "alerts-outdated": {
    topic: "operation",
    severity: "warning",
    message: "{count} files in {folder} are not those that telltale ops writes now: {files}",
    remedy: "Run telltale ops, and load its rules into Prometheus",
  },
} as const;

export type ProductionId = keyof typeof productionRows;
