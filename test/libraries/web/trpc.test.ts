import assert from "node:assert/strict";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { WebApp } from "./app.ts";
import { Caller } from "./caller.ts";
import { trpcApps } from "./rows.ts";
import { describeConcurrentRequests } from "./tenants.ts";
import {
  postCall,
  type TrpcAdapter,
  trpcAdapters,
  type TrpcCall,
  trpcCalls,
} from "./trpc-calls.ts";
import { WebSocketClient } from "./websocket-client.ts";

let caller = new Caller();
beforeEach(() => {
  caller = new Caller();
});

for (const { app: file, node, moduleSystem } of trpcApps) {
  for (const version of ["v11", "v10"]) {
    const title = `${version}, ${moduleSystem}, Node ${node}`;
    describe(`tRPC ${title}`, () => {
      let receiver: Receiver;
      let app: WebApp;

      before(async () => {
        receiver = await startReceiver();
        app = await WebApp.start({ app: file, node, receiver });
      });
      beforeEach(() => receiver.clear());
      after(() => Promise.all([app.stop(), receiver.close()]));

      for (const adapter of trpcAdapters) {
        for (const call of trpcCalls) {
          it(`by ${adapter.name} records ${call.title}`, async () => {
            const url = `${app.url(`${version}-${adapter.name}`)}${adapter.base}/${call.path}`;
            assert.equal(await postCall(url, call, caller.headers), call.status);
            const span = await caller.serverSpan(receiver);
            assert.deepEqual(seenOf(span), expectedOf(call, adapter));
            await eventIs(receiver, call, span);
          });
        }
      }

      it("records no call by the app's own code, and doesn't fail its request", async () => {
        const url = `${app.url(`${version}-express`)}/inner/8`;
        const response = await fetch(url, { headers: caller.headers });
        assert.deepEqual(await response.json(), { id: 8 });
        const span = await caller.serverSpan(receiver);
        assert.equal(span.name, "GET /inner/:id");
        assert.equal(span.status.code, "UNSET");
        assert.equal(span.attributes["rpc.method"], undefined);
        // An event of the inner call would have been sent before this one.
        const broken = `${app.url(`${version}-standalone`)}/broken`;
        assert.equal(await postCall(broken, {}, caller.headers), 500);
        await receiver.waitFor(({ events }) => events.length > 0, "an event");
        assert.deepEqual(
          receiver.events.map(({ exception }) => exception?.values?.at(-1)?.value),
          ["order is broken"],
        );
      });

      it("reports a failed call over a WebSocket as one event, in the connection's trace", async () => {
        const url = `${app.url(`${version}-standalone`)}/trpc`;
        const client = await WebSocketClient.open(url, caller.headers);
        const call = (id: number, path: string): Promise<string> =>
          client.request(JSON.stringify({ id, jsonrpc: "2.0", method: "query", params: { path } }));
        assert.match(await call(1, "refused"), /UNAUTHORIZED/);
        assert.match(await call(2, "broken"), /order is broken/);
        await client.close();
        await receiver.waitFor(({ events }) => events.length > 0, "an event");
        assert.deepEqual(
          receiver.events.map(({ exception, contexts }) => [
            exception?.values?.at(-1)?.type,
            contexts?.["trace"]?.["trace_id"],
          ]),
          [["RangeError", caller.traceId]],
        );
      });
    });

    for (const { name, base } of trpcAdapters) {
      describeConcurrentRequests({
        title: `tRPC ${title}, ${name}`,
        app: () => ({ app: file, node }),
        sendRequests: async (app, tenants) => {
          await Promise.all(
            tenants.map(async ({ number, headers }) => {
              const url = `${app.url(`${version}-${name}`)}${base}/tenant`;
              assert.equal(await postCall(url, { method: "POST", body: number }, headers), 500);
            }),
          );
        },
      });
    }
  }
}

function seenOf({ name, attributes, status, events }: ReceivedSpan): object {
  return {
    name,
    status: attributes["http.response.status_code"],
    system: attributes["rpc.system.name"],
    procedure: attributes["rpc.method"],
    type: attributes["telltale.trpc.type"],
    batch: attributes["telltale.trpc.batch"],
    failed: status.code === "ERROR",
    exceptions: events.map((event) => event.attributes["exception.message"]),
  };
}

function expectedOf(call: TrpcCall, { mount, fallback }: TrpcAdapter): object {
  const { method = "GET", status, called, procedure, type, batch, failure } = call;
  const route = called === undefined ? fallback : `${mount}/${called}`;
  return {
    name: route === undefined ? method : `${method} ${route}`,
    status,
    system: called === undefined ? undefined : "trpc",
    procedure,
    type,
    batch,
    failed: failure !== undefined,
    exceptions: failure === undefined ? [] : [failure],
  };
}

/** Waits for the event, which arrives with the span or later, never before the response. */
async function eventIs(
  receiver: Receiver,
  { failure, reported }: TrpcCall,
  { traceId, spanId }: ReceivedSpan,
): Promise<void> {
  if (failure !== undefined) {
    await receiver.waitFor(({ events }) => events.length > 0, "an event");
  }
  assert.deepEqual(
    receiver.events.map(({ exception, contexts }) => [
      exception?.values?.at(-1)?.type,
      exception?.values?.at(-1)?.value,
      contexts?.["trace"]?.["trace_id"],
      contexts?.["trace"]?.["span_id"],
    ]),
    failure === undefined ? [] : [[reported, failure, traceId, spanId]],
  );
}
