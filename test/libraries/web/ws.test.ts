import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { valuesOf } from "../../integration/http/page.ts";
import { crashesAlike, checkFatalEvent } from "./crash.ts";
import { WebApp } from "./app.ts";
import { Caller, waitForMessageSpan } from "./caller.ts";
import { wsApps } from "./rows.ts";
import { describeConcurrentRequests } from "./tenants.ts";
import { WebSocketClient } from "./websocket-client.ts";

let caller = new Caller();
beforeEach(() => {
  caller = new Caller();
});

interface RejectedHandshake {
  readonly server: string;
  readonly path: string;
  readonly origin?: string;
  /** Undefined: the connection is closed without a response. */
  readonly status?: number;
}

const rejectedHandshakes: readonly RejectedHandshake[] = [
  { server: "routed", path: "/elsewhere", status: 400 },
  { server: "routed", path: "/chat", origin: "http://evil", status: 401 },
  { server: "bare", path: "/refused", status: 401 },
  { server: "bare", path: "/lost" },
];

for (const { app: file, node, moduleSystem } of wsApps) {
  for (const version of ["ws8", "ws7"]) {
    const title = `${version}, ${moduleSystem}, Node ${node}`;
    describe(`A WebSocket by ${title}`, () => {
      let receiver: Receiver;
      let app: WebApp;

      before(async () => {
        receiver = await startReceiver();
        app = await WebApp.start({ app: file, node, receiver, env: { SURVIVES: "1" } });
      });
      beforeEach(() => receiver.clear());
      after(() => Promise.all([app.stop(), receiver.close()]));

      it("has a span of its handshake in its caller's trace, which ends while the connection is open", async () => {
        const client = await WebSocketClient.open(
          `${app.url(`${version}-routed`)}/chat`,
          caller.headers,
        );
        const span = await caller.serverSpan(receiver);
        assert.deepEqual(
          [span.name, span.traceId, span.parentSpanId],
          ["GET /chat", caller.traceId, caller.spanId],
        );
        assert.equal(span.attributes["http.response.status_code"], 101);
        assert.equal(span.attributes["http.route"], "/chat");
        assert.equal(span.attributes["telltale.request.id"], "from-the-caller");
        assert.equal(span.status.code, "UNSET");
        assert.match(await app.page(), /active_connections\{[^}]*"websocket"[^}]*\} 1\n/);
        await client.close();
      });

      it("logs all events of a connection with its ids, and with the user that one message has set", async () => {
        const client = await WebSocketClient.open(
          `${app.url(`${version}-routed`)}/chat`,
          caller.headers,
        );
        await client.request("login ada");
        assert.equal(await client.request("hello"), "hello");
        await client.close();
        for (const message of ["received", "closed"]) {
          const line = await lineOf(app, message);
          assert.deepEqual([line["request_id"], line["user_id"]], ["from-the-caller", "ada"]);
        }
        // Without OTEL_INSTRUMENTATION_WS_MESSAGES messages have no spans.
        await caller.serverSpan(receiver);
        assert.deepEqual(
          receiver.spans.filter(({ kind }) => kind === "CONSUMER"),
          [],
        );
      });

      it("counts connections and messages", async () => {
        const before = await countsOf(app);
        const client = await WebSocketClient.open(`${app.url(`${version}-routed`)}/chat`);
        await client.request("hello");
        await client.request("hello");
        await client.close();
        const after = await countsOf(app);
        assert.deepEqual([after.received - before.received, after.sent - before.sent], [2, 2]);
      });

      it("reports a rejection in a listener as one event, in the connection's trace", async () => {
        const client = await WebSocketClient.open(
          `${app.url(`${version}-routed`)}/chat`,
          caller.headers,
        );
        await client.request("login grace");
        client.send("rejects");
        await receiver.waitFor(({ events }) => events.length > 0, "an event");
        await client.request("hello");
        await client.close();
        const [event] = receiver.events;
        assert.equal(receiver.events.length, 1);
        assert.equal(event?.exception?.values?.at(-1)?.value, "rejected in a message");
        assert.equal(event?.contexts?.["trace"]?.["trace_id"], caller.traceId);
        assert.deepEqual(event?.user, { id: "grace" });
        assert.equal(event?.tags?.["request_id"], "from-the-caller");
      });

      for (const { path, server, origin, status } of rejectedHandshakes) {
        it(`records the status of a rejected handshake: ${server} ${path}${origin === undefined ? "" : ` from ${origin}`}`, async () => {
          const own = origin === undefined ? caller.headers : { ...caller.headers, origin };
          const url = `${app.url(`${version}-${server}`)}${path}`;
          await assert.rejects(WebSocketClient.open(url, own));
          const span = await caller.serverSpan(receiver);
          assert.equal(span.attributes["http.response.status_code"], status);
          assert.equal(span.traceId, caller.traceId);
          assert.equal(
            span.attributes["telltale.request.aborted"],
            status === undefined || undefined,
          );
        });
      }

      it("has no route on a server without a path", async () => {
        const url = `${app.url(`${version}-bare`)}/users/42`;
        const client = await WebSocketClient.open(url, caller.headers);
        await client.close();
        const span = await caller.serverSpan(receiver);
        assert.deepEqual([span.name, span.attributes["http.route"]], ["GET", undefined]);
        await lineOf(app, "upgrades");
      });

      it("propagates the trace of a client with the handshake", async () => {
        const target = `${app.url(`${version}-routed`)}/chat`.replace("http", "ws");
        const response = await fetch(
          `${app.url(`${version}-routed`)}/dial?url=${encodeURIComponent(target)}`,
          { headers: caller.headers },
        );
        const traceparent = await response.text();
        const client = await receiver.waitFor(({ spans }) =>
          spans.find(({ kind, traceId }) => kind === "CLIENT" && traceId === caller.traceId),
        );
        assert.equal(traceparent, `00-${caller.traceId}-${client.spanId}-01`);
        assert.equal(client.attributes["http.response.status_code"], 101);
        await lineOf(app, "answered");
      });
    });

    describe(`A WebSocket with OTEL_INSTRUMENTATION_WS_MESSAGES, by ${title}`, () => {
      let receiver: Receiver;
      let app: WebApp;

      before(async () => {
        receiver = await startReceiver();
        const env = { SURVIVES: "1", OTEL_INSTRUMENTATION_WS_MESSAGES: "true" };
        app = await WebApp.start({ app: file, node, receiver, env });
      });
      beforeEach(() => receiver.clear());
      after(() => Promise.all([app.stop(), receiver.close()]));

      it("has a span, a scope and events for each concurrent message, linked to the handshake", async () => {
        const client = await WebSocketClient.open(`${app.url(`${version}-routed`)}/chat`, {
          ...caller.headers,
          "x-user": "ada",
        });
        const handshake = await caller.serverSpan(receiver);
        client.send("slow a");
        client.send("slow b");
        await receiver.waitFor(({ events }) => events.length === 2, "two events");
        await client.close();
        for (const name of ["a", "b"]) {
          const event = receiver.events.find(({ tags }) => tags?.["name"] === name);
          assert.equal(event?.exception?.values?.at(-1)?.value, `slow ${name}`);
          assert.deepEqual(event?.user, { id: "ada" });
          assert.equal(event?.tags?.["request_id"], "from-the-caller");
          const traceId = event?.contexts?.["trace"]?.["trace_id"];
          const { span, links } = await waitForMessageSpan(receiver, traceId);
          assert.deepEqual(links, [[handshake.traceId, handshake.spanId]]);
          assert.deepEqual(
            [span.name, span.kind, span.parentSpanId],
            ["process /chat", "CONSUMER", ""],
          );
          assert.equal(span.attributes["messaging.system"], "websocket");
          assert.equal(span.attributes["messaging.message.body.size"], 6);
          // The app pauses for 50 ms, by another clock.
          assert.ok(span.durationMs >= 49, `${span.durationMs} ms`);
          await app.line((line) => line["name"] === name && line["message"] === "ends");
          const lines = app.lines.filter((line) => line["name"] === name);
          assert.deepEqual(
            lines.map(({ message, trace_id: id, user_id: user }) => [message, id, user]),
            [
              ["begins", traceId, "ada"],
              ["ends", traceId, "ada"],
            ],
          );
        }
      });

      it("has a failed span and one event for a rejected message", async () => {
        const client = await WebSocketClient.open(
          `${app.url(`${version}-routed`)}/chat`,
          caller.headers,
        );
        client.send("rejects");
        const span = await caller.messageSpan(receiver);
        await client.close();
        assert.equal(span.status.code, "ERROR");
        assert.equal(span.attributes["error.type"], "Error");
        await receiver.waitFor(({ events }) => events.length > 0, "an event");
        assert.equal(receiver.events.length, 1);
        assert.equal(receiver.events[0]?.contexts?.["trace"]?.["trace_id"], span.traceId);
      });
    });

    it(`${title}: a listener that throws crashes the app as without the preload, with one event`, () =>
      crashesAlike({
        app: { app: file, node },
        crash: async (app) => {
          const url = `${app.url(`${version}-routed`)}/chat`;
          const client = await WebSocketClient.open(url, caller.headers);
          client.send("throws");
        },
        check: (receiver) => checkFatalEvent(receiver, "thrown in a message", caller.traceId),
      }));

    describeConcurrentRequests({
      title: `WebSockets by ${title}`,
      app: () => ({ app: file, node }),
      firstLines: ["connected"],
      sendRequests: async (app, tenants) => {
        await Promise.all(
          tenants.map(async (tenant) => {
            const url = `${app.url(`${version}-routed`)}/chat`;
            const client = await WebSocketClient.open(url, tenant.headers);
            assert.equal(await client.request(`tenant ${tenant.number}`), "failed");
            await client.close();
          }),
        );
      },
    });
  }
}

async function countsOf(app: WebApp): Promise<{ received: number; sent: number }> {
  const page = await app.page();
  const sum = (direction: string): number => {
    const lines = page.split("\n").filter((line) => line.includes(`"${direction}"`));
    const values = valuesOf(lines.join("\n"), "telltale_socket_messages_total");
    return values.reduce((total, value) => total + value, 0);
  };
  return { received: sum("receive"), sent: sum("transmit") };
}

/** Waits for the line with the ids of the caller: those of earlier tests may be read late. */
async function lineOf(app: WebApp, message: string): Promise<Readonly<Record<string, unknown>>> {
  return app.line((line) => line["message"] === message && line["trace_id"] === caller.traceId);
}
