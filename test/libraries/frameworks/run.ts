import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { Received } from "../../../src/testing/store.ts";
import { requestAllTenants, TENANT_COUNT } from "../../integration/concurrency/tenants.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";
import { type StockRequest, startStockService } from "../../integration/stock.ts";
import { nodes } from "../../nodes.ts";
import { sendRequest } from "./send-request.ts";
import { type RequestCase, requestCases } from "./request-cases.ts";
import type { FrameworkRow } from "./row.ts";

/** Telemetry and output of an app. */
export interface FrameworkRun {
  readonly received: Received;
  readonly requestCases: readonly RequestCase[];
  /** Response statuses in the order of `requestCases`. */
  readonly statuses: readonly number[];
  readonly stockUrl: string;
  readonly stockRequests: readonly StockRequest[];
  /** Log lines of the app. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly stderr: string;
  readonly process: ProgramResult;
}

/** Returns the request id by which a request of the table is identified. */
export function requestCaseId(at: number): string {
  return `exchange-${at}`;
}

/** Starts the app of a row, which prints `port` and its number; `portIn` reads it. */
export interface Starter<Row extends FrameworkRow> {
  start(row: Row, env: Readonly<Record<string, string>>): Program | Promise<Program>;
  portIn(stdout: string): string | undefined;
}

/** Starter of the apps in `apps/`. */
const appStarter: Starter<FrameworkRow> = {
  start: programOf,
  portIn: (stdout) => /^port (\d+)\n/m.exec(stdout)?.[1],
};

/**
 * Sends the requests of a row's table to its app, one after the other, and then
 * `TENANT_COUNT` concurrent ones. Stops the app when all telemetry has arrived.
 *
 * @param env further environment variables
 */
export async function runFramework<Row extends FrameworkRow>(
  row: Row,
  env: Readonly<Record<string, string>> = {},
  starter: Starter<Row> = appStarter,
): Promise<FrameworkRun> {
  const [receiver, stock] = await Promise.all([startReceiver(), startStockService()]);
  const table: readonly RequestCase[] = requestCases[row.requestCases];
  let program: Program | undefined;
  try {
    program = await starter.start(row, {
      OTEL_METRICS_EXPORTER: "otlp",
      ...telemetryEnv(receiver),
      REQUESTS: String(TENANT_COUNT),
      STOCK_URL: stock.url,
      ...env,
    });
    const port = await program.waitForStdout(starter.portIn);
    const statuses: number[] = [];
    for (const [at, requestCase] of table.entries()) {
      statuses.push(await sendRequest(Number(port), requestCase, requestCaseId(at)));
    }
    await requestAllTenants(`http://127.0.0.1:${port}${row.prefix ?? ""}`);
    program.kill("SIGTERM");
    const ended = await program.ended;
    await waitForTelemetry(receiver, table);
    await receiver.settled();
    return {
      received: receiver,
      requestCases: table,
      statuses,
      stockUrl: stock.url,
      stockRequests: stock.requests,
      lines: linesIn(ended.stdout),
      stderr: ended.stderr,
      process: ended,
    };
  } finally {
    program?.kill("SIGKILL");
    await Promise.all([program?.ended, receiver.close(), stock.close()]);
  }
}

/** Starts the app of a row; the caller must stop it. */
export function startApp(
  row: FrameworkRow,
  env: Readonly<Record<string, string>>,
  receiver: Receiver,
): Program {
  return programOf(row, { ...telemetryEnv(receiver), ...env });
}

function programOf(row: FrameworkRow, env: Readonly<Record<string, string>>): Program {
  const extension = row.moduleSystem === "esm" ? "mjs" : "cjs";
  const loader = new URL(`../${row.group}/load.${extension}`, import.meta.url);
  const { path } = nodes.find(({ name }) => name === row.node) ?? {};
  return new Program({
    file: fileURLToPath(new URL("apps/start.mjs", import.meta.url)),
    ...(path !== undefined && { node: path }),
    flags: preload.import,
    args: [row.app, loader.href, JSON.stringify(row.loads), row.wildcard],
    env: {
      // Express logs each unhandled error on stderr, except in tests.
      NODE_ENV: "test",
      ...env,
    },
  });
}

async function waitForTelemetry(receiver: Receiver, table: readonly RequestCase[]): Promise<void> {
  const spans = expectedSpanCount(table);
  const events = table.filter(({ error }) => error !== undefined).length + TENANT_COUNT;
  await receiver.waitFor(
    (received) =>
      received.spans.length >= spans &&
      received.events.length >= events &&
      received.metrics.some(({ name }) => name === "http.server.request.duration"),
    `whole run: ${spans} spans, ${events} events and the durations`,
  );
}

/** Returns the number of spans of a run. */
export function expectedSpanCount(table: readonly RequestCase[]): number {
  const calls = table.reduce((sum, requestCase) => sum + (requestCase.calls ?? 0), 0);
  return table.length + calls + 2 * TENANT_COUNT;
}

function linesIn(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
