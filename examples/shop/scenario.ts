import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type {
  FailedRequest,
  RunningScenario,
  ServiceAddress,
  DemoEnvironment,
} from "../../src/cli/demo/scenario.ts";
import { startPostgres } from "./postgres.ts";

/** Number of orders of the scenario. */
const REQUESTS = 80;
const CONCURRENCY = 4;
/** Every tenth order is in Swiss francs. */
const FAILING_ORDER_INTERVAL = 10;

interface DemoService {
  readonly name: string;
  readonly url: string;
  readonly adminUrl: string;
  readonly process: ChildProcess;
}

/** Starts PostgreSQL, and the payment service and the shop with the preload. */
export async function start(stage: DemoEnvironment): Promise<RunningScenario> {
  stage.log("starting PostgreSQL");
  const database = await startPostgres();
  const running: DemoService[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(({ process }) => stopService(process)));
    await database.stop();
  };
  try {
    const shared = { DATABASE_URL: database.url };
    stage.log("starting payments");
    const payments = await startService("payments", shared, stage);
    running.push(payments);
    stage.log("starting shop");
    const shop = await startService("shop", { ...shared, PAYMENTS_URL: payments.url }, stage);
    running.push(shop);
    const services = [addressOf(shop, "/api/products"), addressOf(payments)];
    return { services, sendTraffic: () => traffic(shop.url, stage), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addressOf({ name, url, adminUrl }: DemoService, path?: string): ServiceAddress {
  return { name, page: path && `${url}${path}`, adminUrl };
}

async function startService(
  name: string,
  variables: NodeJS.ProcessEnv,
  stage: DemoEnvironment,
): Promise<DemoService> {
  const env: NodeJS.ProcessEnv = {
    ...(await stage.variablesFor(name)),
    ...variables,
    // Otherwise the release of the demo is the commit of this repository.
    SENTRY_RELEASE: "1.0.0",
    PORT: "0",
  };
  const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [...stage.preload, program], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stderr = collectStderr(child);
  const port = await openPort(name, child, stderr);
  return {
    name,
    process: child,
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${env["OTEL_EXPORTER_PROMETHEUS_PORT"]}`,
  };
}

/** Waits for the log line with the port of a service. */
async function openPort(
  name: string,
  child: ChildProcess,
  stderr: readonly string[],
): Promise<number> {
  if (child.stdout === null) throw new Error(`${name} has no standard output`);
  for await (const line of createInterface({ input: child.stdout })) {
    const port = portIn(line);
    if (port === undefined) continue;
    // Discards further output, which must not fill the pipe.
    child.stdout.resume();
    return port;
  }
  throw new Error(`${name} ended before it was open:\n${stderr.join("\n")}`);
}

/** Drops the errors that Express prints: the demo's output shows them. */
function collectStderr(child: ChildProcess): readonly string[] {
  const lines: string[] = [];
  if (child.stderr === null) return lines;
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    if (lines.length > 50) lines.shift();
  });
  return lines;
}

function portIn(line: string): number | undefined {
  try {
    const { message, port } = JSON.parse(line) as { message?: string; port?: number };
    return message?.endsWith("is open") === true ? port : undefined;
  } catch {
    return undefined;
  }
}

/** Sends requests of a few customers, and resolves with the last failed order. */
async function traffic(url: string, { log: write }: DemoEnvironment): Promise<FailedRequest> {
  write(`sending ${REQUESTS} requests`);
  let sent = 0;
  let failed = 0;
  const customer = async (): Promise<void> => {
    while (sent < REQUESTS - 1) {
      const status = await sendVisit(url, sent++);
      if (status >= 500) failed++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, customer));
  const last = await order(url, "CHF");
  await last.arrayBuffer();
  return {
    title: "POST /api/orders in CHF",
    requestId: last.headers.get("x-request-id") ?? "",
    sent: sent + 1,
    failed: failed + 1,
  };
}

async function sendVisit(url: string, number: number): Promise<number> {
  const response = await pickOne(url, number);
  await response.arrayBuffer();
  return response.status;
}

function pickOne(url: string, number: number): Promise<Response> {
  if (number % 4 === 0) return fetch(`${url}/api/products`);
  if (number % 4 === 1) return fetch(`${url}/api/products/${(number % 5) + 1}`);
  return order(
    url,
    number % FAILING_ORDER_INTERVAL === 2 ? "CHF" : number % 4 === 2 ? "EUR" : "USD",
  );
}

function order(url: string, currency: string): Promise<Response> {
  return fetch(`${url}/api/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ product: 2, quantity: 1, currency }),
  });
}

async function stopService(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
