import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { FindingId } from "../../../src/cli/doctor/finding-rows.ts";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { packageJson, packages, type Setup, type SetupContext } from "./setup.ts";

/** A set-up with a mistake. */
export interface PlantedRow extends Setup {
  /** One of them is found: which one may depend on the host. */
  readonly finds: readonly FindingId[];
  /** What the remedy names. */
  readonly remedy: RegExp;
}

const express = { "node_modules/express": "node_modules/express" };
const expressServer = `
const express = require("express");
express().get("/", (request, response) => response.send("hello")).listen(0);
`;
const server = `require("node:http").createServer((request, response) => response.end()).listen(0);`;
const preloaded = packageJson({ scripts: { start: "node --import telltale/register app.js" } });

/** Starts a server whose port is in the result, until the test ends. */
async function listen(server: Server, { cleanups }: SetupContext): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function receiverWith(
  options: Parameters<typeof startReceiver>[0],
  { cleanups }: SetupContext,
): Promise<Awaited<ReturnType<typeof startReceiver>>> {
  const receiver = await startReceiver(options);
  cleanups.push(() => receiver.close());
  return receiver;
}

const variables: readonly PlantedRow[] = [
  {
    title: "a misspelt variable",
    env: { OTEL_TRACES_SAMPLR: "always_on" },
    finds: ["variable-misspelt"],
    remedy: /OTEL_TRACES_SAMPLER/,
  },
  {
    title: "a value that is none",
    env: { OTEL_TRACES_SAMPLER: "sometimes" },
    finds: ["variable-invalid"],
    remedy: /OTEL_TRACES_SAMPLER/,
  },
  {
    title: "a variable that telltale does not have",
    env: { TELLTALE_COLOUR_OF_THE_SKY: "blue" },
    finds: ["variable-unknown"],
    remedy: /variables\.md/,
  },
  {
    title: "a variable of the specification without effect",
    env: { OTEL_EXPERIMENTAL_CONFIG_FILE: "otel.yaml" },
    finds: ["variable-unsupported"],
    remedy: /Unset OTEL_EXPERIMENTAL_CONFIG_FILE/,
  },
  {
    title: "a key of the configuration file that is none",
    files: { "otel.yaml": 'file_format: "1.1"\ntracer_provider:\n  processor: []\n' },
    env: { OTEL_CONFIG_FILE: "otel.yaml" },
    finds: ["config-file"],
    remedy: /OTEL_CONFIG_FILE/,
  },
  {
    title: "variables that the app sets too late",
    files: { "app.js": `process.env.OTEL_SERVICE_NAME = "late";\n${server}` },
    command: ["node", "app.js"],
    finds: ["variables-late"],
    remedy: /--env-file/,
  },
  {
    title: "telltale that is switched off",
    env: { OTEL_SDK_DISABLED: "true" },
    finds: ["disabled"],
    remedy: /Unset OTEL_SDK_DISABLED/,
  },
  {
    title: "a sampler that starts no trace",
    env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
    finds: ["sampler-off"],
    remedy: /OTEL_TRACES_SAMPLER_ARG/,
  },
  {
    title: "traces that are not exported",
    env: { OTEL_TRACES_EXPORTER: "none" },
    finds: ["traces-off"],
    remedy: /OTEL_TRACES_EXPORTER/,
  },
  {
    title: "log records that are not exported",
    env: { OTEL_LOGS_EXPORTER: "none" },
    finds: ["logs-off"],
    remedy: /OTEL_LOGS_EXPORTER/,
  },
  {
    title: "metrics without an exporter",
    env: { OTEL_METRICS_EXPORTER: "none" },
    finds: ["metrics-off"],
    remedy: /prometheus/,
  },
  {
    title: "no exporter at all",
    env: {
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    },
    finds: ["nothing-exported"],
    remedy: /OTEL_TRACES_EXPORTER/,
  },
  {
    title: "a service without a name",
    files: { "package.json": "{}" },
    finds: ["service-unnamed"],
    remedy: /OTEL_SERVICE_NAME/,
  },
];

const endpoints: readonly PlantedRow[] = [
  {
    title: "a port on which nothing listens",
    prepare: ({ port }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }),
    finds: ["endpoint-refused", "endpoint-in-container"],
    remedy: /OTEL_EXPORTER_OTLP_ENDPOINT/,
  },
  {
    title: "a host that DNS does not know",
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.invalid:4318" },
    finds: ["endpoint-unknown-host"],
    remedy: /host in OTEL_EXPORTER_OTLP_ENDPOINT/,
  },
  {
    title: "a vendor without its key",
    options: ["--offline"],
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://api.honeycomb.io/v1/traces" },
    finds: ["vendor-header"],
    remedy: /Add x-honeycomb-team to OTEL_EXPORTER_OTLP_HEADERS/,
  },
  {
    title: "cumulative metrics for a vendor that accepts deltas only",
    options: ["--offline"],
    env: {
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://otlp.datadoghq.eu/v1/metrics",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "dd-api-key=0123",
    },
    finds: ["vendor-temporality"],
    remedy: /TEMPORALITY_PREFERENCE=delta/,
  },
  {
    title: "metrics for a vendor that accepts none",
    options: ["--offline"],
    env: {
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://o1.ingest.de.sentry.io/api/2/integration/otlp",
      OTEL_EXPORTER_OTLP_HEADERS: "x-sentry-auth=sentry sentry_key=0123",
    },
    finds: ["vendor-signal"],
    remedy: /Remove otlp from OTEL_METRICS_EXPORTER/,
  },
  {
    title: "an endpoint that ends in the path of traces",
    prepare: ({ receiver }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/v1/traces` }),
    finds: ["endpoint-path-doubled"],
    remedy: /Remove \/v1\/traces/,
  },
  {
    title: "an endpoint with an unknown path",
    prepare: async (context) => {
      const answering = createHttpServer((_request, response) => response.writeHead(404).end());
      const port = await listen(answering, context);
      return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/otlp` };
    },
    finds: ["endpoint-path-unknown"],
    remedy: /before \/v1\/traces/,
  },
  {
    title: "a key that the back end rejects",
    prepare: async (context) => {
      const receiver = await receiverWith({}, context);
      receiver.setFaults({ kind: "status", status: 401 });
      return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    },
    finds: ["endpoint-credentials"],
    remedy: /OTEL_EXPORTER_OTLP_HEADERS/,
  },
  {
    title: "items that a back end rejects in spite of its status",
    prepare: async (context) => {
      const receiver = await receiverWith({}, context);
      receiver.setFaults({ kind: "partial", rejected: 1 });
      return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    },
    finds: ["endpoint-rejected"],
    remedy: /log of the Collector/,
  },
  {
    title: "a back end that does not answer",
    prepare: async (context) => {
      const receiver = await receiverWith({}, context);
      receiver.setFaults({ kind: "hang" });
      return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT: "300" };
    },
    finds: ["endpoint-silent"],
    remedy: /port/,
  },
  {
    title: "a back end that closes the connection",
    prepare: async (context) => {
      const closing = createServer((socket) => socket.destroy());
      const port = await listen(closing, context);
      return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
    },
    finds: ["endpoint-unreachable"],
    remedy: /network/,
  },
  {
    title: "HTTP that is sent to the port of gRPC",
    prepare: async (context) => {
      const { grpcUrl = "" } = await receiverWith({ grpcPort: 0 }, context);
      return { OTEL_EXPORTER_OTLP_ENDPOINT: grpcUrl };
    },
    finds: ["endpoint-protocol"],
    remedy: /OTEL_EXPORTER_OTLP_PROTOCOL=grpc/,
  },
  {
    title: "gRPC that is sent to the port of HTTP",
    env: { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    finds: ["endpoint-protocol"],
    remedy: /4318/,
  },
  {
    title: "a clock that is an hour late",
    prepare: async (context) => {
      const later = new Date(Date.now() + 3_600_000).toUTCString();
      const answering = createHttpServer((request, response) => {
        request.resume();
        response.writeHead(200, { date: later }).end();
      });
      const port = await listen(answering, context);
      return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
    },
    finds: ["clock-skew"],
    remedy: /NTP/,
  },
  {
    title: "https to a server without TLS",
    prepare: ({ receiver }) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.replace("http:", "https:"),
    }),
    finds: ["tls-scheme"],
    remedy: /http:\/\//,
  },
  {
    title: "http to a server with TLS",
    prepare: async (context) => {
      const receiver = await receiverWith({ tls: context.certificates.server }, context);
      return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.replace("https:", "http:") };
    },
    finds: ["tls-scheme"],
    remedy: /https:\/\//,
  },
  ...(["expired", "otherHost", "server"] as const).map((name): PlantedRow => ({
    title: `a certificate that is ${{ expired: "expired", otherHost: "of another host", server: "of an unknown authority" }[name]}`,
    prepare: async (context) => {
      const receiver = await receiverWith({ tls: context.certificates[name] }, context);
      const ca = join(context.folder, "ca.pem");
      writeFileSync(ca, context.certificates.ca);
      return {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        ...(name !== "server" && { OTEL_EXPORTER_OTLP_CERTIFICATE: ca }),
      };
    },
    finds: [
      ({ expired: "tls-expired", otherHost: "tls-hostname", server: "tls-untrusted" } as const)[
        name
      ],
    ],
    remedy: /certificate|CERTIFICATE/,
  })),
  {
    title: "a client certificate that is missing",
    prepare: async (context) => {
      const { ca, server: own } = context.certificates;
      const receiver = await receiverWith({ tls: { ...own, ca } }, context);
      const file = join(context.folder, "ca.pem");
      writeFileSync(file, ca);
      return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_CERTIFICATE: file };
    },
    finds: ["tls-client"],
    remedy: /OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE/,
  },
];

const pages: readonly PlantedRow[] = [
  {
    title: "a port of the metrics page that another program has",
    prepare: async (context) => {
      const port = await listen(createServer(), context);
      return {
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      };
    },
    finds: ["prometheus-port-taken"],
    remedy: /OTEL_EXPORTER_PROMETHEUS_PORT/,
  },
  {
    title: "an address of the metrics page that the host does not have",
    env: { OTEL_EXPORTER_PROMETHEUS_HOST: "203.0.113.1" },
    finds: ["prometheus-host"],
    remedy: /0\.0\.0\.0/,
  },
  {
    title: "a metrics page that no other pod reaches",
    env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
    finds: ["prometheus-local"],
    remedy: /OTEL_EXPORTER_PROMETHEUS_HOST=0\.0\.0\.0/,
  },
  {
    title: "a health check that fails",
    files: {
      "app.mjs": `import { addHealthCheck } from "telltale";
addHealthCheck({ name: "warehouse", run: () => ({ status: "fail" }) });
const { createServer } = await import("node:http");
createServer((request, response) => response.end()).listen(0);`,
    },
    links: packages("telltale"),
    // The page listens when the app does.
    options: ["--seconds", "3"],
    command: ["node", "app.mjs"],
    finds: ["health-failing"],
    remedy: /\/healthz/,
  },
];

const errors: readonly PlantedRow[] = [
  {
    title: "a DSN without a project",
    env: { SENTRY_DSN: "https://secretkey@sentry.example" },
    finds: ["sentry-dsn"],
    remedy: /Client Keys/,
  },
  {
    title: "a key that Sentry does not know",
    prepare: async (context) => {
      const receiver = await receiverWith({}, context);
      receiver.setFaults({ kind: "status", status: 403, signal: "events" });
      return { SENTRY_DSN: receiver.dsn };
    },
    finds: ["sentry-rejected"],
    remedy: /SENTRY_DSN/,
  },
  {
    title: "a Sentry that can't be reached",
    prepare: ({ port }) => ({ SENTRY_DSN: `http://key@127.0.0.1:${port}/1` }),
    finds: ["sentry-unreachable"],
    remedy: /HTTPS_PROXY/,
  },
  {
    title: "events without a release",
    files: { "package.json": packageJson({ version: undefined }) },
    prepare: ({ receiver }) => ({ SENTRY_DSN: receiver.dsn }),
    finds: ["release-unset"],
    remedy: /SENTRY_RELEASE/,
  },
  {
    title: "a sample rate of errors that is 0",
    prepare: ({ receiver }) => ({ SENTRY_DSN: receiver.dsn, SENTRY_SAMPLE_RATE: "0" }),
    finds: ["sentry-rate"],
    remedy: /SENTRY_SAMPLE_RATE/,
  },
  {
    title: "an app with a Sentry of its own",
    files: {
      "app.js": `const Sentry = require("@sentry/node");
Sentry.init({ dsn: process.env.SENTRY_DSN });
${server}`,
    },
    links: { "node_modules/@sentry/node": "test/libraries/sentry/node_modules/sentry11" },
    prepare: ({ receiver }) => ({ SENTRY_DSN: receiver.dsn }),
    command: ["node", "app.js"],
    finds: ["app-sentry"],
    remedy: /errors\.md/,
  },
];

const starts: readonly PlantedRow[] = [
  {
    title: "a start script without the preload",
    files: { "package.json": packageJson({ scripts: { start: "node app.js" } }), "app.js": server },
    finds: ["preload-missing"],
    remedy: /--import telltale\/register/,
  },
  {
    title: "a preload after the imports, in the files",
    files: {
      "package.json": packageJson({ scripts: { start: "node app.js" } }),
      "app.js": `${expressServer}require("telltale/register");`,
    },
    finds: ["preload-late"],
    remedy: /--import telltale\/register/,
  },
  {
    title: "a preload after the imports, in a run of CommonJS",
    files: { "app.js": `require("express");\nrequire("telltale/register");\n${server}` },
    links: { ...express, ...packages("telltale") },
    command: ["node", "app.js"],
    finds: ["preload-late"],
    remedy: /--import telltale\/register/,
  },
  {
    title: "a preload after the imports, in a run of ES modules",
    files: {
      "app.mjs": `import "fastify";\nimport "telltale/register";\nimport { createServer } from "node:http";
createServer((request, response) => response.end()).listen(0);`,
    },
    links: packages("fastify", "telltale"),
    command: ["node", "app.mjs"],
    finds: ["preload-late"],
    remedy: /--import telltale\/register/,
  },
  {
    title: "a command that drops NODE_OPTIONS",
    files: { "app.js": server },
    options: ["--limit", "2"],
    command: ["env", "-u", "NODE_OPTIONS", "node", "app.js"],
    finds: ["preload-lost"],
    remedy: /NODE_OPTIONS/,
  },
  {
    title: "an app of ES modules under a flag that forbids to require them",
    // It ends by itself: how long its start takes is unknown.
    files: { "app.mjs": "" },
    command: ["node", "--no-require-module", "app.mjs"],
    finds: ["require-module-off"],
    remedy: /Remove --no-require-module/,
  },
  {
    title: "a loader that telltale does not need",
    env: { NODE_OPTIONS: "--experimental-loader=data:text/javascript," },
    finds: ["loader-flag"],
    remedy: /Remove --experimental-loader/,
  },
  {
    title: "an app that fails at its start",
    files: { "app.js": `throw new Error("no database");` },
    command: ["node", "app.js"],
    finds: ["command-failed"],
    remedy: /its own output/,
  },
  {
    title: "an open inspector",
    files: { "app.js": server },
    command: ["node", "--inspect=127.0.0.1:0", "app.js"],
    options: ["--seconds", "2"],
    finds: ["inspector-open"],
    remedy: /--inspect/,
  },
  {
    title: "a version of Node that is too old",
    files: { "package.json": packageJson({ engines: { node: "^18" } }) },
    finds: ["node-too-old"],
    remedy: /22\.15/,
  },
];

const libraries: readonly PlantedRow[] = [
  {
    title: "an old version of a library",
    files: {
      "package.json": packageJson({ dependencies: { "generic-pool": "1" } }),
      "node_modules/generic-pool/package.json": JSON.stringify({
        name: "generic-pool",
        version: "1.1.1",
        main: "lib/generic-pool.js",
      }),
    },
    copies: {
      "node_modules/generic-pool": "test/libraries/loader/node_modules/generic-pool2",
    },
    finds: ["library-version"],
    remedy: /generic-pool within >=2/,
  },
  {
    title: "an instrumentation that is off",
    files: { "package.json": packageJson({ dependencies: { express: "5" } }) },
    links: express,
    env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http" },
    finds: ["library-disabled"],
    remedy: /OTEL_NODE_ENABLED_INSTRUMENTATIONS/,
  },
  ...[false, true].map((minify): PlantedRow => ({
    title: `a library in a ${minify ? "minified " : ""}bundle`,
    files: {
      "package.json": packageJson({ dependencies: { express: "5" } }),
      "app.js": expressServer,
    },
    links: express,
    prepare: async ({ folder }) => {
      await build({
        entryPoints: [join(folder, "app.js")],
        bundle: true,
        platform: "node",
        minify,
        outfile: join(folder, "dist/app.cjs"),
        logLevel: "error",
      });
      return {};
    },
    command: ["node", "dist/app.cjs"],
    finds: ["library-bundled"],
    remedy: /external: \["express"\]/,
  })),
  {
    title: "a library that another preload has loaded",
    files: { "app.js": expressServer, "early.cjs": `require("express");` },
    links: { "node_modules/express": "node_modules/express4" },
    command: ["node", "--require", "./early.cjs", "app.js"],
    finds: ["library-early"],
    remedy: /before all other/,
  },
  {
    title: "two copies of a library",
    files: { "app.js": `require("express");\nrequire("other");\n${server}` },
    links: {
      ...express,
      "node_modules/other": "node_modules/express4",
    },
    command: ["node", "app.js"],
    finds: ["library-copies"],
    remedy: /npm dedupe/,
  },
  {
    title: "two copies of the OpenTelemetry API, on disk",
    links: {
      "node_modules/@opentelemetry/api": "node_modules/@opentelemetry/api",
      "node_modules/lib/node_modules/@opentelemetry/api": "node_modules/api-1-4",
    },
    finds: ["api-duplicate"],
    remedy: /npm dedupe/,
  },
  {
    title: "two copies of the OpenTelemetry API, in a run",
    files: {
      "app.js": `require("@opentelemetry/api");\nrequire("lib");\n${server}`,
      "node_modules/lib/index.js": `require("@opentelemetry/api");`,
    },
    links: {
      "node_modules/@opentelemetry/api": "node_modules/@opentelemetry/api",
      "node_modules/lib/node_modules/@opentelemetry/api": "node_modules/api-1-4",
    },
    command: ["node", "app.js"],
    finds: ["api-duplicate"],
    remedy: /npm dedupe/,
  },
  {
    title: "a logger that is not instrumented",
    files: { "package.json": packageJson({ dependencies: { log4js: "6" } }) },
    finds: ["logger-unsupported"],
    remedy: /winston, pino, bunyan/,
  },
  {
    title: "another SDK that is registered first",
    files: {
      "sdk.cjs": `const { NodeSDK } = require("@opentelemetry/sdk-node");\nnew NodeSDK({ instrumentations: [] }).start();`,
      "app.js": server,
    },
    links: packages("@opentelemetry/sdk-node"),
    env: { OTEL_METRICS_EXPORTER: "none" },
    command: ["node", "--require", "./sdk.cjs", "app.js"],
    finds: ["other-sdk"],
    remedy: /sdk\.cjs/,
  },
  {
    title: "another agent in the start script",
    files: {
      "package.json": packageJson({
        scripts: { start: "node -r dd-trace/init --import telltale/register app.js" },
      }),
      "app.js": server,
    },
    finds: ["other-agent"],
    remedy: /dd-trace/,
  },
  {
    title: "an SDK that the app starts itself",
    files: {
      "app.js": `const { NodeSDK } = require("@opentelemetry/sdk-node");
new NodeSDK({ instrumentations: [] }).start();
${server}`,
    },
    links: packages("@opentelemetry/sdk-node"),
    command: ["node", "app.js"],
    finds: ["other-agent"],
    remedy: /@opentelemetry\/sdk-node/,
  },
];

export const planted: readonly PlantedRow[] = [
  ...variables,
  ...endpoints,
  ...pages,
  ...errors,
  ...starts,
  ...libraries,
].map((row) => ({ ...row, files: { "package.json": preloaded, ...row.files } }));
