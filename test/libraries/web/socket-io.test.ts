import assert from "node:assert/strict";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { pollUntil } from "../../until.ts";
import { crashesAlike, checkFatalEvent } from "./crash.ts";
import { WebApp } from "./app.ts";
import { Caller, waitForMessageSpan } from "./caller.ts";
import { socketIoApps } from "./rows.ts";
import { SocketClient, type SocketOptions, type Transport } from "./socket-io-client.ts";
import { describeConcurrentRequests } from "./tenants.ts";

const transports: readonly Transport[] = ["websocket", "polling", "both"];

let caller = new Caller();
beforeEach(() => {
  caller = new Caller();
});

for (const { app: file, node, moduleSystem } of socketIoApps) {
  for (const version of ["v4", "v3"]) {
    const title = `${version}, ${moduleSystem}, Node ${node}`;
    describe(`Socket.IO ${title}`, () => {
      let receiver: Receiver;
      let app: WebApp;

      before(async () => {
        receiver = await startReceiver();
        app = await WebApp.start({ app: file, node, receiver, env: { SURVIVES: "1" } });
      });
      beforeEach(() => receiver.clear());
      after(() => Promise.all([app.stop(), receiver.close()]));

      for (const transport of transports) {
        it(`logs all events of a connection by ${transport} with the ids of the request that opened it`, async () => {
          const from = app.lines.length;
          const client = await open(app, version, { transport, auth: { user: "ada" } });
          if (transport === "both") await client.upgraded();
          assert.equal(await client.request("hello"), "hello");
          client.close();
          const opening = await caller.serverSpan(receiver, isOpening);
          assert.equal(opening.name, "GET /socket.io/");
          assert.equal(
            opening.attributes["http.response.status_code"],
            transport === "websocket" ? 101 : 200,
          );
          for (const message of ["connecting", "connected", "received", "disconnected"]) {
            const line = await app.line((one, at) => at >= from && one["message"] === message);
            assert.deepEqual(
              [line["trace_id"], line["span_id"], line["request_id"], line["user_id"]],
              [caller.traceId, opening.spanId, "from-the-caller", "ada"],
              message,
            );
          }
          assert.deepEqual(
            receiver.spans.filter(({ kind }) => kind !== "SERVER"),
            [],
          );
        });
      }

      it("counts connections and packets once, and not as WebSockets", async () => {
        const client = await open(app, version, { transport: "websocket" });
        await client.request("hello");
        // The connections of earlier tests close at any time.
        const isAlone = /telltale_socket_active_connections\{[^}]*"socket.io"[^}]*\} 1\n/;
        const page = await pollUntil(async () => {
          const found = await app.page();
          return isAlone.test(found) ? found : undefined;
        }, "a single connection");
        assert.match(page, /telltale_socket_messages_total\{[^}]*"receive"[^}]*\} [1-9]/);
        assert.match(page, /telltale_socket_messages_total\{[^}]*"transmit"[^}]*\} [1-9]/);
        assert.doesNotMatch(page, /telltale_socket\w*\{[^}]*"websocket"/);
        client.close();
      });

      it("reports no error for a rejected client", async () => {
        await assert.rejects(
          open(app, version, { transport: "websocket", auth: { refused: true } }),
          /refused/,
        );
        await caller.serverSpan(receiver);
        // An event of the rejected client would have been sent before this one.
        const client = await open(app, version, { transport: "websocket" });
        client.send("rejects");
        await receiver.waitFor(({ events }) => events.length > 0, "an event");
        client.close();
        assert.deepEqual(
          receiver.events.map(({ exception }) => exception?.values?.at(-1)?.value),
          ["rejected for an event"],
        );
      });

      it("reports a rejection in a listener as one event, in the connection's trace", async () => {
        const client = await open(app, version, { transport: "polling", auth: { user: "grace" } });
        client.send("rejects");
        await receiver.waitFor(({ events }) => events.length > 0, "an event");
        await client.request("hello");
        client.close();
        const [event] = receiver.events;
        assert.equal(receiver.events.length, 1);
        assert.equal(event?.exception?.values?.at(-1)?.value, "rejected for an event");
        assert.equal(event?.contexts?.["trace"]?.["trace_id"], caller.traceId);
        assert.deepEqual(event?.user, { id: "grace" });
      });
    });

    it(`Socket.IO ${title}: a listener that throws crashes the app as without the preload, with one event`, () =>
      crashesAlike({
        app: { app: file, node },
        crash: async (app) => {
          const client = await open(app, version, { transport: "websocket" });
          client.send("throws");
        },
        check: (receiver) => checkFatalEvent(receiver, "thrown for an event", caller.traceId),
      }));

    for (const transport of ["websocket", "polling"] as const) {
      describeConcurrentRequests({
        title: `Socket.IO ${title}, by ${transport}`,
        app: () => ({ app: file, node }),
        isEntry: (span) => span.kind === "SERVER" && isOpening(span),
        firstLines: ["connecting", "connected"],
        sendRequests: async (app, tenants) => {
          await Promise.all(
            tenants.map(async ({ number, headers }) => {
              const client = await SocketClient.open({ url: app.url(version), transport, headers });
              assert.equal(await client.request("tenant", number), "failed");
              client.close();
            }),
          );
        },
      });
    }
  }

  describe(`Socket.IO with OTEL_INSTRUMENTATION_SOCKET_IO_MESSAGES, ${moduleSystem}, Node ${node}`, () => {
    let receiver: Receiver;
    let app: WebApp;

    before(async () => {
      receiver = await startReceiver();
      const env = {
        SURVIVES: "1",
        OTEL_INSTRUMENTATION_SOCKET_IO_MESSAGES: "true",
        // Its frames are no messages of WebSockets.
        OTEL_INSTRUMENTATION_WS_MESSAGES: "true",
      };
      app = await WebApp.start({ app: file, node, receiver, env });
    });
    beforeEach(() => receiver.clear());
    after(() => Promise.all([app.stop(), receiver.close()]));

    for (const transport of transports) {
      it(`has a span and a scope for each concurrent event by ${transport}, linked to the opening request`, async () => {
        const client = await open(app, "v4", {
          transport,
          namespace: "/admin",
          auth: { user: "ada" },
        });
        if (transport === "both") await client.upgraded();
        await Promise.all([client.request("slow", "a"), client.request("slow", "b")]);
        await receiver.waitFor(({ events }) => events.length === 2, "two events");
        // An event without a listener.
        client.send("unknown");
        assert.equal(await client.request("hello"), "hello");
        client.close();
        const opening = await caller.serverSpan(receiver, isOpening);
        for (const name of ["a", "b"]) {
          const event = receiver.events.find(({ tags }) => tags?.["name"] === name);
          assert.equal(event?.exception?.values?.at(-1)?.value, `slow ${name}`);
          assert.equal(event?.tags?.["request_id"], "from-the-caller");
          const { span, links } = await waitForMessageSpan(
            receiver,
            event?.contexts?.["trace"]?.["trace_id"],
          );
          assert.deepEqual(links, [[opening.traceId, opening.spanId]]);
          assert.deepEqual(
            [span.name, span.kind, span.parentSpanId],
            ["process slow", "CONSUMER", ""],
          );
          const { attributes } = span;
          assert.equal(attributes["messaging.system"], "socket.io");
          assert.equal(attributes["messaging.socket.io.namespace"], "/admin");
          // The app pauses for 50 ms, by another clock.
          assert.ok(span.durationMs >= 49, `${span.durationMs} ms`);
        }
        await receiver.waitFor(
          ({ spans }) => spans.some((span) => span.name === "process hello"),
          "hello",
        );
        const messages = receiver.spans.filter(({ kind }) => kind === "CONSUMER");
        assert.deepEqual(messages.map((span) => span.name).toSorted(), [
          "process hello",
          "process slow",
          "process slow",
        ]);
      });
    }
  });
}

function open(
  app: WebApp,
  version: string,
  options: Omit<SocketOptions, "url" | "headers">,
): Promise<SocketClient> {
  return SocketClient.open({ ...options, url: app.url(version), headers: caller.headers });
}

/** Whether a request is the first of its connection: all others have a session id. */
function isOpening({ attributes }: ReceivedSpan): boolean {
  const { "url.query": query } = attributes;
  return typeof query !== "string" || !query.includes("sid=");
}
