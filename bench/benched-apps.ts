import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HttpSink } from "./sink.ts";

export interface BenchApp {
  readonly name: string;
  readonly title: string;
  readonly program: string;
  readonly path: string;
  readonly requests: number;
}

export const benchApps: readonly BenchApp[] = [
  {
    name: "express",
    title: "Express, one winston line",
    program: "apps/express.js",
    path: "/api/users/42",
    requests: 30_000,
  },
  {
    name: "fastify",
    title: "Fastify, hello",
    program: "apps/fastify.js",
    path: "/hello/ada",
    requests: 60_000,
  },
];

const register = new URL("../dist/register.js", import.meta.url);

/**
 * Returns the flags of Node that preload the build.
 *
 * @throws Error if there is none
 */
export function preload(): string[] {
  if (!existsSync(register)) throw new Error("dist/ is missing: npm run build");
  return ["--import", fileURLToPath(register)];
}

/** Returns the environment of an app that exports all signals and events to `sink`. */
export function environmentFor(sink: HttpSink): NodeJS.ProcessEnv {
  return { ...environmentWithoutSentry(sink), SENTRY_DSN: `http://key@127.0.0.1:${sink.port}/1` };
}

export function environmentWithoutSentry(sink: HttpSink): NodeJS.ProcessEnv {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.port}`,
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  };
}
