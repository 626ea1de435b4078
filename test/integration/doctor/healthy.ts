import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startReceiver } from "../../../src/testing/receiver.ts";
import { packageJson, packages, type Setup } from "./setup.ts";

/** A set-up without a mistake. */
export interface HealthyRow extends Setup {
  /** Instrumentations whose patches doctor has seen. */
  readonly patches: readonly string[];
  /** Whether there are server spans. Default: true. */
  readonly hasSpans?: boolean;
}

const start = (script: string): string => `node --import telltale/register ${script}`;
const hello = `createServer((request, response) => response.end("hello")).listen(0)`;
const requests = { options: ["--request", "/"] };

export const healthy: readonly HealthyRow[] = [
  {
    ...requests,
    title: "Express in CommonJS, started by npm, with winston and a Sentry project",
    files: {
      "package.json": packageJson({
        scripts: { start: start("app.js") },
        dependencies: { express: "5", winston: "3" },
      }),
      "app.js": `const express = require("express");
const winston = require("winston");
const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
const app = express();
app.get("/", (request, response) => {
  logger.info("hello");
  response.send("hello");
});
app.listen(0);`,
    },
    links: packages("express", "winston", "telltale"),
    prepare: ({ receiver }) => ({ SENTRY_DSN: receiver.dsn, SENTRY_ENVIRONMENT: "test" }),
    command: ["npm", "start"],
    patches: ["express", "winston"],
  },
  {
    ...requests,
    title: "Fastify as ES modules",
    files: {
      "package.json": packageJson({ type: "module", dependencies: { fastify: "5" } }),
      "app.js": `import fastify from "fastify";
const app = fastify();
app.get("/", async () => "hello");
await app.listen({ port: 0 });`,
    },
    links: packages("fastify"),
    command: ["node", "app.js"],
    patches: ["fastify"],
  },
  {
    ...requests,
    title: "TypeScript that Node runs",
    files: {
      "app.ts": `import express, { type Request } from "express";
const app = express();
app.get("/", (request: Request, response) => { response.send("hello"); });
app.listen(0);`,
      "package.json": packageJson({ type: "module", dependencies: { express: "5" } }),
    },
    links: packages("express"),
    command: ["node", "app.ts"],
    patches: ["express"],
  },
  {
    ...requests,
    title: "worker threads",
    files: {
      "app.mjs": `import { createServer } from "node:http";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
const worker = new Worker(new URL("worker.cjs", import.meta.url));
await once(worker, "message");
${hello};`,
      "worker.cjs": `require("pg");
require("node:worker_threads").parentPort.postMessage("ready");
setInterval(() => {}, 1000);`,
      "package.json": packageJson({ dependencies: { pg: "8" } }),
    },
    links: packages("pg"),
    command: ["node", "app.mjs"],
    patches: ["pg"],
  },
  {
    ...requests,
    title: "a cluster",
    files: {
      "app.cjs": `const cluster = require("node:cluster");
const express = require("express");
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  express().get("/", (request, response) => response.send("hello")).listen(0);
}`,
      "package.json": packageJson({ dependencies: { express: "5" } }),
    },
    links: packages("express"),
    command: ["node", "app.cjs"],
    patches: ["express"],
  },
  {
    ...requests,
    title: "a package of a monorepo, with a linked package",
    files: {
      "package.json": JSON.stringify({ private: true, workspaces: ["services/*", "shared"] }),
      "services/api/package.json": packageJson({
        name: "@acme/api",
        scripts: { start: start("app.js") },
        dependencies: { express: "5", "@acme/shared": "*" },
      }),
      "services/api/app.js": `const express = require("express");
const { greeting } = require("@acme/shared");
express().get("/", (request, response) => response.send(greeting)).listen(0);`,
      "shared/package.json": packageJson({ name: "@acme/shared", main: "index.js" }),
      "shared/index.js": `exports.greeting = "hello";`,
    },
    prepare: async ({ folder }) => {
      const { mkdirSync, symlinkSync } = await import("node:fs");
      mkdirSync(join(folder, "node_modules/@acme"), { recursive: true });
      symlinkSync(join(folder, "shared"), join(folder, "node_modules/@acme/shared"));
      return {};
    },
    links: packages("express", "telltale"),
    cwd: "services/api",
    command: ["npm", "start"],
    patches: ["express"],
  },
  {
    ...requests,
    title: "metrics over OTLP beside Prometheus, and JSON with gzip",
    files: {
      "app.mjs": `import { createServer } from "node:http";\n${hello};`,
    },
    env: {
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    },
    command: ["node", "app.mjs"],
    patches: [],
  },
  {
    ...requests,
    title: "OTLP over gRPC",
    files: { "app.mjs": `import { createServer } from "node:http";\n${hello};` },
    prepare: async ({ cleanups }) => {
      const receiver = await startReceiver({ grpcPort: 0 });
      cleanups.push(() => receiver.close());
      return {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpcUrl ?? "",
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
        OTEL_METRICS_EXPORTER: "prometheus,otlp",
      };
    },
    command: ["node", "app.mjs"],
    patches: [],
  },
  {
    ...requests,
    title: "OTLP over TLS with the authority of the company",
    files: { "app.mjs": `import { createServer } from "node:http";\n${hello};` },
    prepare: async ({ cleanups, certificates, folder }) => {
      const receiver = await startReceiver({ tls: certificates.server });
      cleanups.push(() => receiver.close());
      writeFileSync(join(folder, "ca.pem"), certificates.ca);
      return {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_CERTIFICATE: join(folder, "ca.pem"),
      };
    },
    command: ["node", "app.mjs"],
    patches: [],
  },
  {
    title: "variables from a file that Node loads, and no command that serves",
    files: {
      "job.mjs": `import pg from "pg";\nconsole.log(typeof pg.Client);`,
      "package.json": packageJson({
        name: undefined,
        version: undefined,
        dependencies: { pg: "8" },
      }),
      ".env": "OTEL_SERVICE_NAME=nightly-job\nOTEL_TRACES_SAMPLER=parentbased_always_on\n",
    },
    links: packages("pg"),
    command: ["node", "--env-file=.env", "job.mjs"],
    patches: ["pg"],
    hasSpans: false,
  },
  {
    title: "an app whose preload is in its Dockerfile",
    files: {
      "package.json": packageJson({ scripts: { start: "node app.js" } }),
      Dockerfile: `FROM node:24\nENV NODE_OPTIONS="--import telltale/register"\nCMD ["npm", "start"]`,
      "app.js": `require("node:http");`,
    },
    patches: [],
    hasSpans: false,
  },
  {
    title: "an app that does not run, with a preload in its start script",
    files: {
      "package.json": packageJson({
        scripts: { start: start("app.js") },
        dependencies: { express: "5", pg: "8", winston: "3" },
      }),
      "app.js": `require("express");`,
    },
    links: packages("express", "pg", "winston", "telltale"),
    prepare: ({ receiver }) => ({ SENTRY_DSN: receiver.dsn }),
    patches: [],
    hasSpans: false,
  },
];
