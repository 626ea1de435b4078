import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { valuesOf } from "../../integration/http/page.ts";
import { parsePage, samplesOf } from "../../metrics/exposition.ts";
import { pollUntilTrue } from "../../until.ts";
import { WebApp, type AppOptions } from "../web/app.ts";
import { describeConcurrentRequests } from "../web/tenants.ts";
import { type CallRow, calls } from "./grpc-calls.ts";
import { rows } from "./rows.ts";

const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const headers = {
  traceparent: `00-${caller.traceId}-${caller.spanId}-01`,
  "x-request-id": "from-the-caller",
};

for (const { installed, moduleSystem, node } of rows) {
  const app: Omit<AppOptions, "receiver"> = {
    app: `../../rpc/apps/grpc.${moduleSystem === "esm" ? "mjs" : "cjs"}`,
    args: [installed],
    node,
  };
  const title = `${installed}, ${moduleSystem}, Node ${node}`;
  const supportedCalls = calls.filter(({ isNew }) => isNew !== true || installed !== "grpc-js10");

  describe(`A gRPC server by ${title}`, () => {
    let receiver: Receiver;
    let bare: WebApp;
    let preloaded: WebApp;

    before(async () => {
      receiver = await startReceiver();
      [bare, preloaded] = await Promise.all([
        WebApp.start(app),
        WebApp.start({ ...app, receiver }),
      ]);
    });
    after(() => Promise.all([bare.stop(), preloaded.stop(), receiver.close()]));

    for (const row of supportedCalls) {
      it(`responds to ${row.method} with ${row.status.name} as without the preload, and has one server span`, async () => {
        receiver.clear();
        const before = preloaded.lines.length;
        const [asBare, observed] = await Promise.all([call(bare, row), call(preloaded, row)]);
        assert.deepEqual({ ...observed, id: undefined }, { ...asBare, id: undefined });
        const span = await callSpan(receiver, row);
        assert.deepEqual(seenOf(span), expectedOf(row));
        // The client's span ends after the server's, and may be in a later batch.
        const client = await receiver.waitFor(
          ({ spans }) => spans.find(({ spanId }) => spanId === span.parentSpanId),
          "the client span",
        );
        assert.deepEqual([client.kind, client.name], ["CLIENT", `grpc.${nameOf(row)}`]);
        const clients = receiver.spans.filter(({ kind }) => kind === "CLIENT");
        assert.equal(clients.length, 1, "the HTTP/2 stream has no span of its own");
        await eventsAre(receiver, row, span);
        const lines = await linesSince(preloaded, before, row.lines?.length ?? 0);
        assert.deepEqual(
          lines.map(({ message, trace_id: trace, request_id: id }) => ({
            message,
            trace,
            id,
          })),
          (row.lines ?? []).map((message) => ({
            message,
            trace: caller.traceId,
            id: "from-the-caller",
          })),
        );
      });
    }

    it("records an unknown method as a request without a route", async () => {
      receiver.clear();
      await call(preloaded, { method: "Nowhere" });
      await receiver.waitFor(
        ({ spans }) => spans.filter(({ kind }) => kind === "SERVER").length === 2,
      );
      const names = receiver.spans.filter(({ kind }) => kind === "SERVER").map(({ name }) => name);
      assert.deepEqual(names.toSorted(), ["GET", "POST"]);
    });

    it("has metrics by method and status, and no active requests left", async () => {
      const page = await preloaded.page();
      assert.deepEqual(valuesOf(page, "http_server_active_requests").filter(Boolean), []);
      const counts = samplesOf(parsePage(page), "rpc_server_call_duration_seconds_count");
      for (const row of supportedCalls) {
        const found = counts.filter(({ labels }) => labels["rpc_method"] === nameOf(row));
        assert.deepEqual(
          found.map(({ labels, value }) => [
            labels["rpc_response_status_code"],
            labels["error_type"],
            value,
          ]),
          [[row.status.name, row.fails === true ? row.status.name : undefined, 1]],
        );
      }
      assert.match(
        page,
        /http_server_request_duration_seconds_count\{[^}]*http_route="\/shop.Stock\/Count"/,
      );
    });
  });

  for (const [kind, method] of [
    ["unary", "tenant"],
    ["streams", "tenantStream"],
  ] as const) {
    describeConcurrentRequests({
      title: `gRPC (${kind}) by ${title}`,
      app: () => app,
      sendRequests: async (started, tenants) => {
        await Promise.all(
          tenants.map(async ({ number, headers: tenantHeaders }) => {
            const response = await fetch(`${started.url("front")}/${method}/${number}`, {
              headers: tenantHeaders,
            });
            const { status } = (await response.json()) as { status: { code: number } };
            assert.equal(status.code, 2);
          }),
        );
      },
      isEntry: isCall,
    });
  }
}

describe("A gRPC server without the instrumentation of HTTP", () => {
  it("has upstream's server span", async () => {
    const receiver = await startReceiver();
    const app = await WebApp.start({
      app: "../../rpc/apps/grpc.mjs",
      args: ["@grpc/grpc-js"],
      node: "26",
      receiver,
      env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: "http" },
    });
    try {
      await call(app, { method: "Count" });
      await receiver.waitFor(({ spans }) => spans.length === 2);
      const all = receiver.spans.map(({ name, kind }) => `${kind} ${name}`);
      assert.deepEqual(all.toSorted(), [
        "CLIENT grpc.shop.Stock/Count",
        "SERVER grpc.shop.Stock/Count",
      ]);
    } finally {
      await Promise.all([app.stop(), receiver.close()]);
    }
  });
});

function nameOf({ method }: Pick<CallRow, "method">): string {
  return `shop.Stock/${method}`;
}

async function call(app: WebApp, { method }: Pick<CallRow, "method">): Promise<object> {
  const path = `${method[0]?.toLowerCase()}${method.slice(1)}`;
  const response = await fetch(`${app.url("front")}/${path}`, { headers });
  return (await response.json()) as object;
}

/** Waits for log lines, which arrive independently of spans. */
async function linesSince(app: WebApp, before: number, count: number): Promise<WebApp["lines"]> {
  const isThere = (): boolean => app.lines.length >= before + count;
  await pollUntilTrue(isThere, () => `${count} lines; there are ${app.lines.length - before}`);
  return app.lines.slice(before);
}

function isCall({ kind, attributes }: ReceivedSpan): boolean {
  return kind === "SERVER" && attributes["rpc.system"] === "grpc";
}

/** Waits for the server span of the call: the only one besides the front's. */
async function callSpan(receiver: Receiver, row: CallRow): Promise<ReceivedSpan> {
  await receiver.waitFor(
    ({ spans }) =>
      spans.some(isCall) &&
      spans.some(({ parentSpanId }) => parentSpanId === caller.spanId) &&
      spans.some(({ kind }) => kind === "CLIENT"),
  );
  const servers = receiver.spans.filter(({ kind }) => kind === "SERVER");
  assert.equal(servers.length, 2, `${servers.length} server spans of ${row.method}`);
  return servers.find(isCall) ?? assert.fail();
}

function seenOf({ name, traceId, attributes, status }: ReceivedSpan): object {
  return {
    name,
    traceId,
    failed: status.code === "ERROR",
    errorType: attributes["error.type"],
    service: attributes["rpc.service"],
    method: attributes["rpc.method"],
    code: attributes["rpc.grpc.status_code"],
    requestId: attributes["telltale.request.id"],
    protocol: attributes["network.protocol.version"],
    aborted: attributes["telltale.request.aborted"],
  };
}

function expectedOf({ method, status, fails }: CallRow): object {
  return {
    name: `shop.Stock/${method}`,
    traceId: caller.traceId,
    failed: fails === true,
    errorType: fails === true ? status.name : undefined,
    service: "shop.Stock",
    method,
    code: status.code,
    requestId: "from-the-caller",
    protocol: "2",
    aborted: status.name === "CANCELLED" ? true : undefined,
  };
}

async function eventsAre(
  receiver: Receiver,
  { event }: CallRow,
  { traceId, spanId }: ReceivedSpan,
): Promise<void> {
  if (event !== undefined) await receiver.waitFor(({ events }) => events.length > 0);
  assert.deepEqual(
    receiver.events.map(({ exception, contexts, tags }) => [
      exception?.values?.at(-1)?.value,
      contexts?.["trace"]?.["trace_id"],
      contexts?.["trace"]?.["span_id"],
      tags?.["request_id"],
    ]),
    event === undefined ? [] : [[event, traceId, spanId, "from-the-caller"]],
  );
}
