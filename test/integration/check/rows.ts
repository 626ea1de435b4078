import type { ProductionId } from "../../../src/cli/check/production-rows.ts";

/** A change of the set-up that is ready for production. */
export interface CheckRow {
  readonly title: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Texts of files; undefined removes one. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly finds: ProductionId;
  readonly message?: RegExp;
  /** What the remedy names. */
  readonly remedy: RegExp;
}

/** The package.json of the set-up. */
export function packageJson(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    name: "shop",
    version: "1.2.3",
    scripts: { start: "node --import telltale/register app.js" },
    ...fields,
  });
}

const startedBy = (start: string): Readonly<Record<string, string>> => ({
  "package.json": packageJson({ scripts: { start } }),
});

export const rows: readonly CheckRow[] = [
  {
    title: "an environment without a name",
    env: { NODE_ENV: "", SENTRY_ENVIRONMENT: "" },
    finds: "environment-unset",
    remedy: /deployment\.environment\.name/,
  },
  {
    title: "the environment of a developer",
    env: { SENTRY_ENVIRONMENT: "development" },
    finds: "environment-other",
    remedy: /SENTRY_ENVIRONMENT=production/,
  },
  {
    title: "a NODE_ENV of tests",
    env: { NODE_ENV: "test" },
    finds: "node-env",
    remedy: /NODE_ENV=production/,
  },
  {
    title: "no release",
    files: { "package.json": packageJson({ version: undefined }) },
    finds: "release-missing",
    remedy: /SENTRY_RELEASE/,
  },
  {
    title: "no name of the service",
    files: { "package.json": packageJson({ name: undefined }) },
    finds: "service-name-missing",
    remedy: /OTEL_SERVICE_NAME/,
  },
  {
    title: "complete traces",
    env: { OTEL_TRACES_SAMPLER: "", OTEL_TRACES_SAMPLER_ARG: "" },
    finds: "sampling-complete",
    remedy: /OTEL_TRACES_SAMPLER_ARG/,
  },
  {
    title: "no Sentry project",
    env: { SENTRY_DSN: "" },
    finds: "errors-off",
    remedy: /SENTRY_DSN/,
  },
  {
    title: "an exporter that prints",
    env: { OTEL_TRACES_EXPORTER: "otlp,console" },
    finds: "console-exporter",
    remedy: /OTEL_TRACES_EXPORTER/,
  },
  {
    title: "a signal that is ignored",
    env: { TELLTALE_SIGNALS: "SIGINT" },
    finds: "signals-ignored",
    remedy: /TELLTALE_SIGNALS/,
  },
  {
    title: "redaction that is off",
    env: { TELLTALE_REDACT: "none" },
    finds: "redaction-off",
    remedy: /TELLTALE_REDACT/,
  },
  {
    title: "data of requests on events",
    env: { TELLTALE_DATA_COLLECTION: "cookies,httpBodies" },
    finds: "personal-data",
    remedy: /TELLTALE_DATA_COLLECTION/,
  },
  {
    title: "SENTRY_SEND_DEFAULT_PII",
    env: { SENTRY_SEND_DEFAULT_PII: "true" },
    finds: "personal-data",
    remedy: /SENTRY_SEND_DEFAULT_PII/,
  },
  {
    title: "the address of users on events",
    env: { TELLTALE_USER_FIELDS: "id,email" },
    finds: "user-fields",
    remedy: /only id/,
  },
  {
    title: "a log of queries",
    env: { TELLTALE_SQL_LOG: "true" },
    finds: "sql-log",
    remedy: /TELLTALE_SQL_LOG/,
  },
  {
    title: "debug lines of all loggers",
    env: { TELLTALE_LOG_LEVELS: "*=debug" },
    finds: "log-level",
    remedy: /TELLTALE_LOG_BUFFER/,
  },
  {
    title: "an admin server for everyone",
    env: { OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0" },
    finds: "admin-open",
    remedy: /TELLTALE_METRICS_TOKEN_FILE/,
  },
  {
    title: "a token that is sent without TLS",
    env: {
      OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0",
      TELLTALE_METRICS_TOKEN: "0123456789abcdef0123456789abcdef",
    },
    finds: "admin-plain",
    remedy: /TELLTALE_ADMIN_CERTIFICATE/,
  },
  {
    title: "a back end on the Internet without TLS",
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otlp.example.com:4318" },
    finds: "endpoint-plain",
    remedy: /https:\/\//,
  },
  {
    title: "a key that is sent without TLS",
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://otlp.example.com:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20s3cr3t",
    },
    finds: "credentials-plain",
    remedy: /https:\/\//,
  },
  {
    title: "certificates that are not verified",
    env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    finds: "certificates-unchecked",
    remedy: /NODE_EXTRA_CA_CERTS/,
  },
  {
    title: "an inspector in the start script",
    files: startedBy("node --inspect=0.0.0.0 --import telltale/register app.js"),
    finds: "inspector-flag",
    remedy: /Remove --inspect/,
  },
  {
    title: "debug messages of Sentry",
    env: { SENTRY_DEBUG: "true" },
    finds: "debug-variable",
    remedy: /SENTRY_DEBUG/,
  },
  {
    title: "debug messages of telltale",
    env: { OTEL_LOG_LEVEL: "debug" },
    finds: "own-level",
    remedy: /OTEL_LOG_LEVEL/,
  },
  {
    title: "a runner for development",
    files: startedBy("NODE_OPTIONS='--import telltale/register' nodemon app.js"),
    finds: "development-runner",
    remedy: /built files/,
  },
  {
    title: "no probe",
    files: { Dockerfile: "FROM node:24\n", "ops/kubernetes": undefined },
    finds: "probes-missing",
    remedy: /HEALTHCHECK/,
  },
  {
    title: "no health check",
    files: { "app.js": `require("express");` },
    finds: "checks-missing",
    remedy: /addHealthCheck/,
  },
  {
    title: "no alert rules",
    files: { ops: undefined },
    finds: "alerts-missing",
    remedy: /telltale ops/,
  },
  {
    title: "alert rules of other options",
    files: { "telltale.ops.yaml": "team: other\n" },
    finds: "alerts-outdated",
    remedy: /telltale ops/,
  },
  {
    title: "options of the alert rules with an unknown key",
    files: { "telltale.ops.yaml": "teem: other\n" },
    finds: "alerts-invalid",
    message: /: telltale\.ops\.yaml:1: teem: the key is not known, did you mean team\?$/,
    remedy: /Correct the file/,
  },
  {
    title: "a broken list of the written files",
    files: { "ops/manifest.json": "{" },
    finds: "alerts-unreadable",
    message: /: ops\/manifest\.json is not as it was written/,
    remedy: /Restore the folder/,
  },
];
