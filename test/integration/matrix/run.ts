import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { Received } from "../../../src/testing/store.ts";
import { freePort } from "../../free-port.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import { type ProgramResult, Program, telemetryEnv } from "../program.ts";
import { type StockRequest, startStockService } from "../stock.ts";

/** One way to run one of the apps. */
export interface Combination {
  readonly title: string;
  /** In `apps/`. */
  readonly app: string;
  readonly node: string;
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A request of the play, and what came back. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A line that the app has logged. */
export type AppLine = Readonly<Record<string, unknown>>;

/** All that one run has left, for everybody to look into. */
export interface MatrixRun {
  readonly received: Received;
  readonly answers: Readonly<Record<RequestName, HttpAnswer>>;
  /** The `port` that the app listens on. */
  readonly port: number;
  readonly stockPort: number;
  readonly stockRequests: readonly StockRequest[];
  readonly lines: readonly AppLine[];
  /** The Prometheus page after the last request, and the one before with exemplars. */
  readonly page: string;
  readonly openMetrics: string;
  readonly health: HealthReport;
  readonly ended: ProgramResult;
}

export interface HealthReport {
  readonly telemetry: Readonly<
    Record<string, { created: number; sent: number; queued: number; dropped: number }>
  >;
}

interface Caller {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
}

/** Who asks, and samples the trace. */
export const sampledCaller: Caller = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceState: "vendor=1",
};

/** Who asks, and does not sample it. */
export const unsampledCaller: Caller = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  traceState: "",
};

interface Request {
  readonly path: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type RequestName = "called" | "alone" | "unsampled" | "failing" | "missing";

/** What a run asks the app for, one after the other. */
const requests: Readonly<Record<RequestName, Request>> = {
  called: {
    path: "/api/items/42?color=blue&token=secret",
    headers: {
      traceparent: `00-${sampledCaller.traceId}-${sampledCaller.spanId}-01`,
      tracestate: sampledCaller.traceState,
      "x-request-id": "from-the-caller",
    },
  },
  alone: { path: "/api/items/43", headers: {} },
  unsampled: {
    path: "/api/items/44",
    headers: { traceparent: `00-${unsampledCaller.traceId}-${unsampledCaller.spanId}-00` },
  },
  failing: { path: "/api/orders/7", method: "POST", headers: { "x-request-id": "no{braces}" } },
  missing: { path: "/nowhere/at-all", headers: {} },
};

/** Plays all requests to one app, and stops it when all that it tells has come in. */
export async function runCombination(combination: Combination): Promise<MatrixRun> {
  const receiver = await startReceiver();
  const stock = await startStockService();
  const adminPort = await freePort();
  const program = new Program({
    file: fileURLToPath(new URL(`apps/${combination.app}`, import.meta.url)),
    node: combination.node,
    flags: combination.flags,
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: {
      ...telemetryEnv(receiver),
      ...timing,
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
      STOCK_URL: stock.url,
      ...combination.env,
    },
  });
  try {
    const port = await program.waitForStdout(portIn);
    const answers = await sendRequests(port);
    await waitForTelemetry(receiver);
    const admin = `http://127.0.0.1:${adminPort}`;
    const openMetrics = await get(`${admin}/metrics`, {
      accept: "application/openmetrics-text; version=1.0.0",
    });
    const page = await get(`${admin}/metrics`, {});
    const health = await waitForHealth(`${admin}/healthz`);
    program.kill("SIGTERM");
    const ended = await program.ended;
    return {
      received: receiver,
      answers,
      port,
      stockPort: Number(new URL(stock.url).port),
      stockRequests: stock.requests,
      lines: linesIn(ended.stdout),
      page: page.body,
      openMetrics: openMetrics.body,
      health,
      ended,
    };
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, receiver.close(), stock.close()]);
  }
}

/** Batches soon, because somebody waits; the last of them comes at the end. */
const timing = {
  OTEL_BSP_SCHEDULE_DELAY: "50",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
  OTEL_METRIC_EXPORT_INTERVAL: "60000",
};

async function sendRequests(port: number): Promise<MatrixRun["answers"]> {
  const answers: Partial<Record<RequestName, HttpAnswer>> = {};
  for (const [name, { path, ...options }] of Object.entries(requests)) {
    answers[name as RequestName] = await get(`http://127.0.0.1:${port}${path}`, options);
  }
  return answers as MatrixRun["answers"];
}

async function get(
  url: string,
  options: { method?: string; accept?: string; headers?: Readonly<Record<string, string>> },
): Promise<HttpAnswer> {
  const { accept, headers, ...rest } = options;
  const response = await fetch(url, {
    ...rest,
    headers: { "user-agent": "the-test", ...headers, ...(accept !== undefined && { accept }) },
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** The spans of all sampled requests, the records of all lines, the one event. */
async function waitForTelemetry(receiver: Receiver): Promise<void> {
  await receiver.waitFor(
    ({ spans, logs, events }) => spans.length >= 10 && logs.length >= 8 && events.length >= 1,
    "whole run: 10 spans, 8 records and an event",
  );
}

/** When the answers to the last exports have come too; or what there is after some time. */
async function waitForHealth(url: string): Promise<HealthReport> {
  const limit = performance.now() + WAIT_TIMEOUT_MS;
  for (;;) {
    const { body } = await get(url, {});
    const health = JSON.parse(body) as HealthReport;
    const { logs, events } = health.telemetry;
    const waits = [logs, events].some((counts) => (counts?.queued ?? 0) > 0);
    if (!waits || performance.now() > limit) return health;
    await pause(25);
  }
}

function portIn(stdout: string): number | undefined {
  const port = linesIn(stdout).find(({ message }) => message === "open")?.["port"];
  return typeof port === "number" ? port : undefined;
}

/** Complete lines only. */
function linesIn(stdout: string): AppLine[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AppLine);
}
