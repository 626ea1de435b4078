import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { get } from "node:https";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Certificates, makeCertificates } from "../../export/certificates.ts";
import { valuesOf } from "../../integration/http/page.ts";
import { crashesAlike } from "./crash.ts";
import { WebApp } from "./app.ts";
import { type Http2RequestRow, http2RequestRows, requestServer } from "./http2-requests.ts";
import { sendHttp2Request } from "./http2-client.ts";
import { http2Rows } from "./rows.ts";
import { describeConcurrentRequests, type Tenant } from "./tenants.ts";

const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const traceparent = `00-${caller.traceId}-${caller.spanId}-01`;

/** Requests that crash the app. */
const fatalRequests = [
  ["compat", "/throws"],
  ["compat", "/rejects"],
  ["streams", "/throws"],
  ["streams", "/answers-twice"],
] as const;

let certificates: Certificates;
before(() => {
  certificates = makeCertificates();
});

function tls(): Record<string, string> {
  return { TLS_KEY: certificates.server.key, TLS_CERT: certificates.server.cert };
}

for (const { app: file, node, moduleSystem } of http2Rows) {
  describe(`An HTTP/2 server (${moduleSystem}, Node ${node})`, () => {
    let receiver: Receiver;
    let bare: WebApp;
    let preloaded: WebApp;

    before(async () => {
      receiver = await startReceiver();
      [bare, preloaded] = await Promise.all([
        WebApp.start({ app: file, node, env: tls() }),
        WebApp.start({ app: file, node, env: tls(), receiver }),
      ]);
    });
    after(() => Promise.all([bare.stop(), preloaded.stop(), receiver.close()]));

    for (const row of http2RequestRows) {
      const { method = "GET", path, cancels } = row.request;
      const title = `${method} ${path}${cancels ? ", aborted by the client" : ""}, by ${row.server}`;
      it(`responds as without the preload, and has one span: ${title}`, async () => {
        receiver.clear();
        const [asBare, observed] = await Promise.all([
          requestServer(bare, row, certificates.ca),
          requestServer(preloaded, row, certificates.ca, {
            traceparent,
            "x-request-id": "from-the-caller",
          }),
        ]);
        assert.deepEqual(observed.events, asBare.events);
        const span = await serverSpan(receiver);
        assert.deepEqual(seenOf(span), expectedOf(row));
        if (row.status !== undefined) {
          assert.equal(observed.headers?.["x-request-id"], row.ownId ?? "from-the-caller");
          assert.equal(asBare.headers?.["x-request-id"], row.ownId);
        }
        await eventsAre(receiver, row.event, span);
      });
    }

    it("has spans with the attributes of the stable conventions", async () => {
      receiver.clear();
      await requestServer(preloaded, http2RequestRows[0] ?? assert.fail(), certificates.ca, {
        "user-agent": "the-test",
        "x-request-id": "some-id",
      });
      const { attributes } = await serverSpan(receiver);
      const { "network.peer.port": peerPort, ...rest } = attributes;
      assert.equal(typeof peerPort, "number");
      assert.deepEqual(rest, {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "url.path": "/hello",
        "url.query": "a=1",
        "server.address": "127.0.0.1",
        "server.port": preloaded.port("compat"),
        "client.address": "127.0.0.1",
        "network.peer.address": "127.0.0.1",
        "network.protocol.version": "2",
        "user_agent.original": "the-test",
        "telltale.request.id": "some-id",
      });
    });

    it("has one span for a client with HTTP/1 only, of HTTP/1", async () => {
      receiver.clear();
      const request = get({
        host: "127.0.0.1",
        port: preloaded.port("secure"),
        path: "/hello",
        ca: certificates.ca,
        headers: { traceparent },
      });
      const [response] = (await once(request, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      const { traceId, attributes } = await serverSpan(receiver);
      assert.equal(traceId, caller.traceId);
      assert.equal(attributes["network.protocol.version"], "1.1");
      assert.equal(attributes["url.scheme"], "https");
      assert.equal(response.headers["x-request-id"], attributes["telltale.request.id"]);
    });

    it("has metrics by route, status and protocol, and no active requests left", async () => {
      const page = await preloaded.page();
      assert.deepEqual(valuesOf(page, "http_server_active_requests").filter(Boolean), []);
      assert.match(
        page,
        /http_server_request_duration_seconds_count\{[^}]*http_route="\/items\/:id"[^}]*network_protocol_version="2"/,
      );
    });
  });

  describe(`A crash of an HTTP/2 server (${moduleSystem}, Node ${node})`, () => {
    for (const [server, path] of fatalRequests) {
      it(`is the same as without the preload, and one event: ${server} ${path}`, () =>
        crashesAlike({
          app: { app: file, node, env: tls() },
          crash: (app) => sendHttp2Request(app.url(server), { path }),
          check: (receiver) => {
            assert.equal(onlyServerSpan(receiver).status.code, "ERROR");
            assert.equal(receiver.events.length, 1);
          },
        }));
    }
  });

  for (const server of ["compat", "secure", "streams", "fastify"]) {
    describeConcurrentRequests({
      title: `HTTP/2 (${server}), ${moduleSystem}, Node ${node}`,
      app: () => ({ app: file, node, env: tls() }),
      sendRequests: (app, tenants) => requestAllTenants(app, server, tenants),
    });
  }
}

async function requestAllTenants(
  app: WebApp,
  server: string,
  tenants: readonly Tenant[],
): Promise<void> {
  const secure = server === "secure";
  const url = secure ? app.url(server).replace("http:", "https:") : app.url(server);
  const session = connect(url, secure ? { ca: certificates.ca } : {});
  await Promise.all(
    tenants.map(async ({ number, headers }) => {
      const stream = session.request({
        ":path": `/tenants/${number}`,
        ":method": "POST",
        ...headers,
      });
      stream.end();
      const [response] = (await once(stream, "response")) as [IncomingHttpHeaders];
      assert.equal(response[":status"], 500);
      assert.equal(response["x-request-id"], headers["x-request-id"]);
      stream.resume();
      await once(stream, "close");
    }),
  );
  session.close();
}

async function serverSpan(receiver: Receiver): Promise<ReceivedSpan> {
  await receiver.waitFor(({ spans }) => spans.some(({ kind }) => kind === "SERVER"));
  return onlyServerSpan(receiver);
}

/** A second server span of the request would have arrived with the first one. */
function onlyServerSpan(receiver: Receiver): ReceivedSpan {
  const found = receiver.spans.filter(({ kind }) => kind === "SERVER");
  assert.equal(found.length, 1, `${found.length} server spans`);
  return found[0] ?? assert.fail();
}

function seenOf({ name, traceId, parentSpanId, attributes, status }: ReceivedSpan): object {
  return {
    name,
    traceId,
    parentSpanId,
    failed: status.code === "ERROR",
    requestId: attributes["telltale.request.id"],
    route: attributes["http.route"],
    status: attributes["http.response.status_code"],
    aborted: attributes["telltale.request.aborted"],
  };
}

function expectedOf({ name, route, status, aborted, broken }: Http2RequestRow): object {
  return {
    name,
    traceId: caller.traceId,
    parentSpanId: caller.spanId,
    failed: (status ?? 0) >= 500 || broken === true,
    requestId: "from-the-caller",
    route,
    status,
    aborted,
  };
}

async function eventsAre(
  receiver: Receiver,
  message: string | undefined,
  { traceId, spanId }: ReceivedSpan,
): Promise<void> {
  if (message !== undefined) await receiver.waitFor(({ events }) => events.length > 0);
  assert.deepEqual(
    receiver.events.map(({ exception, contexts }) => [
      exception?.values?.at(-1)?.value,
      contexts?.["trace"]?.["trace_id"],
      contexts?.["trace"]?.["span_id"],
    ]),
    message === undefined ? [] : [[message, traceId, spanId]],
  );
}
