import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { Received } from "../../../src/testing/store.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { WAIT_TIMEOUT_MS } from "../../until.ts";
import { type ProgramResult, Program, telemetryEnv } from "../program.ts";
import { type StockRequest, startStockService } from "../stock.ts";

/** One way to run one of the apps. */
export interface Combination {
  readonly title: string;
  /** File name in `apps/`. */
  readonly app: string;
  readonly node: string;
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A response of the app. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A log line of the app. */
export type AppLine = Readonly<Record<string, unknown>>;

/** Telemetry, responses and output of one run. */
export interface MatrixRun {
  readonly received: Received;
  readonly responses: Readonly<Record<RequestName, HttpResponse>>;
  /** The `port` that the app listens on. */
  readonly port: number;
  readonly stockPort: number;
  readonly stockRequests: readonly StockRequest[];
  readonly lines: readonly AppLine[];
  /** The Prometheus page after the last request, and the OpenMetrics page before it, with exemplars. */
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

/** A caller with a sampled trace. */
export const sampledCaller: Caller = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceState: "vendor=1",
};

/** A caller with an unsampled trace. */
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

/** Requests of a run, in order. */
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

/** Sends all requests to an app, and stops it when its telemetry has arrived. */
export async function runCombination(combination: Combination): Promise<MatrixRun> {
  const [receiver, stock, adminPort] = await Promise.all([
    startReceiver(),
    startStockService(),
    freePort(),
  ]);
  const program = startApp(combination, receiver, stock.url, adminPort);
  try {
    const port = await program.waitForStdout(portIn);
    const responses = await sendRequests(port);
    await waitForTelemetry(receiver);
    const accept = "application/openmetrics-text; version=1.0.0";
    const openMetrics = await (await adminPage(adminPort, "/metrics", { accept })).text();
    const page = await (await adminPage(adminPort, "/metrics")).text();
    const health = await waitForHealth(adminPort);
    program.kill("SIGTERM");
    const ended = await program.ended;
    return {
      received: receiver,
      responses,
      port,
      stockPort: Number(new URL(stock.url).port),
      stockRequests: stock.requests,
      lines: linesIn(ended.stdout),
      page,
      openMetrics,
      health,
      ended,
    };
  } finally {
    program.kill("SIGKILL");
    await Promise.all([program.ended, receiver.close(), stock.close()]);
  }
}

function startApp(
  { app, node, flags, env }: Combination,
  receiver: Receiver,
  stockUrl: string,
  adminPort: number,
): Program {
  return new Program({
    file: fileURLToPath(new URL(`apps/${app}`, import.meta.url)),
    node,
    flags,
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: {
      ...telemetryEnv(receiver),
      ...timing,
      OTEL_METRICS_EXPORTER: "prometheus,otlp",
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: String(adminPort),
      STOCK_URL: stockUrl,
      ...env,
    },
  });
}

/** Short batch delays for traces and logs; metrics are exported at the end. */
const timing = {
  OTEL_BSP_SCHEDULE_DELAY: "50",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
  OTEL_METRIC_EXPORT_INTERVAL: "60000",
};

async function sendRequests(port: number): Promise<MatrixRun["responses"]> {
  const responses: Partial<Record<RequestName, HttpResponse>> = {};
  for (const [name, { path, ...options }] of Object.entries(requests)) {
    responses[name as RequestName] = await get(`http://127.0.0.1:${port}${path}`, options);
  }
  return responses as MatrixRun["responses"];
}

async function get(
  url: string,
  options: { method?: string; headers?: Readonly<Record<string, string>> },
): Promise<HttpResponse> {
  const { headers, ...rest } = options;
  const response = await fetch(url, {
    ...rest,
    headers: { "user-agent": "the-test", ...headers },
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** Waits for the spans of all sampled requests, the records of all lines, and the event. */
async function waitForTelemetry(receiver: Receiver): Promise<void> {
  await receiver.waitFor(
    ({ spans, logs, events }) => spans.length >= 10 && logs.length >= 8 && events.length >= 1,
    "complete run: 10 spans, 8 records and an event",
  );
}

/** Waits until no logs or events are queued. Returns the last report after a time limit. */
async function waitForHealth(adminPort: number): Promise<HealthReport> {
  const limit = performance.now() + WAIT_TIMEOUT_MS;
  for (;;) {
    const response = await adminPage(adminPort, "/healthz");
    const health = (await response.json()) as HealthReport;
    const { logs, events } = health.telemetry;
    const isPending = [logs, events].some((counts) => (counts?.queued ?? 0) > 0);
    if (!isPending || performance.now() > limit) return health;
    await pause(25);
  }
}

function portIn(stdout: string): number | undefined {
  const port = linesIn(stdout).find(({ message }) => message === "open")?.["port"];
  return typeof port === "number" ? port : undefined;
}

/** Returns the complete lines. */
function linesIn(stdout: string): AppLine[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AppLine);
}
