import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { Received } from "../../../src/testing/store.ts";
import { requestAllTenants, TENANT_COUNT } from "../../integration/concurrency/tenants.ts";
import { preload, Program, telemetryEnv } from "../../integration/program.ts";
import { type StockRequest, startStockService } from "../../integration/stock.ts";
import { nodes } from "../../nodes.ts";
import { sendRequest } from "./send-request.ts";
import { type RequestCase, requestCases } from "./request-cases.ts";
import type { FrameworkRow } from "./row.ts";

/** All that an app has left, for everybody to look into. */
export interface FrameworkRun {
  readonly received: Received;
  readonly requestCases: readonly RequestCase[];
  /** The statuses that came back, in the order of `exchanges`. */
  readonly statuses: readonly number[];
  readonly stockUrl: string;
  readonly stockRequests: readonly StockRequest[];
  /** What the app has logged. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly stderr: string;
}

/** The request id by which an exchange is found again, by its place in the table. */
export function requestCaseId(at: number): string {
  return `exchange-${at}`;
}

/** How the app of a row is started; it says `port` and its number, or what `portIn` finds. */
export interface Starter<Row extends FrameworkRow> {
  start(row: Row, env: Readonly<Record<string, string>>): Program | Promise<Program>;
  portIn(stdout: string): string | undefined;
}

/** Of the apps in `apps/`. */
const appStarter: Starter<FrameworkRow> = {
  start: programOf,
  portIn: (stdout) => /^port (\d+)\n/m.exec(stdout)?.[1],
};

/**
 * Plays the table of a row to its app, one request after the other, and then
 * `TENANT_COUNT` at once; stops it when all that it tells has come in.
 *
 * @param env more of the environment
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
    const { stdout, stderr } = await program.ended;
    await waitForTelemetry(receiver, table);
    return {
      received: receiver,
      requestCases: table,
      statuses,
      stockUrl: stock.url,
      stockRequests: stock.requests,
      lines: linesIn(stdout),
      stderr,
    };
  } finally {
    program?.kill("SIGKILL");
    await Promise.all([program?.ended, receiver.close(), stock.close()]);
  }
}

/** Starts the app of a row, which is then the caller's to end. */
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
      // Express says each unhandled error on stderr, unless told that this is a test.
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

/** How many a run makes. */
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
