import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { adminPage } from "../../admin-page.ts";
import { freePort } from "../../free-port.ts";
import { type Program, telemetryEnv } from "../../integration/program.ts";
import { type StockService, startStockService } from "../../integration/stock.ts";
import { pollUntilTrue } from "../../until.ts";
import { rows as oldest } from "../next15/rows.ts";
import { build } from "./build.ts";
import { submit } from "./client.ts";
import { portIn, startDev, startNext } from "./program.ts";
import { type NextRow, rows as newest } from "./rows.ts";

const rows = [...newest, ...oldest];
const started = rows.filter(({ way }) => way === "next start");

describe("Next.js, preloaded", function () {
  // Sites are built once, which takes long on a busy machine.
  for (const row of rows.filter(({ way }) => way !== "custom server")) {
    it(`builds without messages of telltale and opens no port: ${row.title}`, async () => {
      const { output } = await build(row.site);
      assert.match(output, /\/orders\/\[id\]/);
      assert.doesNotMatch(output, /^telltale:/m);
    });
  }

  for (const row of started) {
    describe(`${row.title}, with middleware spans`, () => describeRequests(row));
  }

  const dev = newest.find(({ way }) => way === "next start");
  if (dev !== undefined)
    it("runs `next dev`, of which one process has the port", () => develop(dev));
});

function describeRequests(row: NextRow): void {
  let receiver: Receiver;
  let stock: StockService;
  let program: Program;
  let url: string;
  before(async () => {
    [receiver, stock] = await Promise.all([startReceiver(), startStockService()]);
    program = await startNext(row, {
      ...telemetryEnv(receiver),
      STOCK_URL: stock.url,
      OTEL_BSP_SCHEDULE_DELAY: "100",
      TELLTALE_MIDDLEWARE_SPANS: "next",
    });
    url = `http://127.0.0.1:${await program.waitForStdout(portIn)}`;
  });
  after(async () => {
    program?.kill("SIGKILL");
    await Promise.all([program?.ended, receiver?.close(), stock?.close()]);
  });

  it("creates one server span, one span for each call, and spans of Next below it", async () => {
    await get(`${url}/orders/42`, "spans");
    const spans = await traceOf(receiver, "spans", "render route (app) /orders/[id]");
    const [server, ...others] = spans.filter(({ kind }) => kind === "SERVER");
    assert.equal(server?.name, "GET /orders/[id]");
    assert.deepEqual(others, []);
    assert.equal(spans.filter(({ kind }) => kind === "CLIENT").length, 1);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    for (const { parentSpanId, name } of spans) {
      if (name !== server.name) assert.ok(ids.has(parentSpanId), name);
    }
  });

  it("traces a server action in the context of its request", async () => {
    const status = await submit(`${url}/act/3`, "action");
    assert.equal(status, 200);
    const line = await lineOf(program, "action");
    const server = await serverSpan(receiver, "action");
    assert.equal(line["message"], "acted");
    assert.equal(line["trace_id"], server.traceId);
    assert.equal(server.name, "POST /act/[id]");
    assert.equal(server.status.code, "UNSET");
  });

  it("records the error of a server action", async () => {
    assert.equal(await submit(`${url}/act/7`, "failing"), 500);
    await receiver.waitFor(
      ({ events }) => events.some(({ tags }) => tags?.["request_id"] === "failing"),
      "event of the action",
    );
    const [event] = receiver.events;
    assert.equal(receiver.events.length, 1);
    assert.equal(event?.exception?.values?.at(-1)?.value, "failed 7");
    assert.equal(event?.transaction, "POST /act/[id]");
    assert.equal((await serverSpan(receiver, "failing")).status.code, "ERROR");
  });
}

async function get(url: string, requestId: string): Promise<string> {
  const response = await fetch(url, { headers: { "x-request-id": requestId } });
  assert.equal(response.status, 200);
  return response.text();
}

async function serverSpan(
  receiver: Receiver,
  requestId: string,
): Promise<Receiver["spans"][number]> {
  const find = (spans: Receiver["spans"]): Receiver["spans"][number] | undefined =>
    spans.find(({ attributes }) => attributes["telltale.request.id"] === requestId);
  await receiver.waitFor(({ spans }) => find(spans) !== undefined, "server span");
  return find(receiver.spans) ?? assert.fail();
}

/**
 * Returns the spans of a request's trace once those of the server, of the call and
 * of the given name have arrived, and the parents of all: Next's own may end after the server's.
 */
async function traceOf(
  receiver: Receiver,
  requestId: string,
  name: string,
): Promise<Receiver["spans"]> {
  const { traceId } = await serverSpan(receiver, requestId);
  const inTrace = (): Receiver["spans"] =>
    receiver.spans.filter((span) => span.traceId === traceId);
  const isThere = (isMeant: (span: Receiver["spans"][number]) => boolean): boolean =>
    inTrace().some(isMeant);
  const hasParent = ({ parentSpanId: id }: Receiver["spans"][number]): boolean =>
    id === "" || isThere(({ spanId }) => spanId === id);
  await receiver.waitFor(
    () =>
      isThere((span) => span.name === name) &&
      isThere(({ kind }) => kind === "CLIENT") &&
      inTrace().every(hasParent),
    `span ${name}, a call, and the parents of all spans`,
  );
  return inTrace();
}

function lineOf(program: Program, requestId: string): Promise<Record<string, unknown>> {
  return program.waitForStdout((stdout) =>
    stdout
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find((line) => line["request_id"] === requestId),
  );
}

async function develop(row: NextRow): Promise<void> {
  const receiver = await startReceiver();
  let program: Program | undefined;
  try {
    const port = await freePort();
    program = await startDev(row, {
      ...telemetryEnv(receiver),
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      OTEL_BSP_SCHEDULE_DELAY: "100",
    });
    const url = `http://127.0.0.1:${await program.waitForStdout(portIn)}`;
    await get(`${url}/things/42`, "dev");
    assert.equal((await serverSpan(receiver, "dev")).name, "GET /things/[id]");
    const duration = /http_server_request_duration_seconds_count\{.*http_route="\/things\/\[id\]"/;
    // The process of the command has the port until that of the server takes it over.
    await pollUntilTrue(
      async () => duration.test(await pageOf(port).catch(() => "")),
      "the duration of the request",
    );
    program.kill("SIGTERM");
    const { stdout, stderr } = await program.ended;
    assert.doesNotMatch(stdout + stderr, /^telltale:/m);
    const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
    assert.equal(servers.length, 1);
  } finally {
    program?.kill("SIGKILL");
    await Promise.all([program?.ended, receiver.close()]);
  }
}

async function pageOf(port: number): Promise<string> {
  return (await adminPage(port, "/metrics")).text();
}
