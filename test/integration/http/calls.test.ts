import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { makeCertificates } from "../../export/certificates.ts";
import { nodes } from "../../nodes.ts";
import { type CallScenario, callScenarios, type ExpectedClientSpan } from "./calls.ts";
import { valuesOf } from "./page.ts";
import { HttpService } from "./service.ts";
import { startUpstreamServers, type UpstreamServers } from "./upstream.ts";

/** Result of a call, as reported by the app; headers where the upstream echoed them. */
interface CallResult {
  readonly thrown?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Callbacks that ran in another context than the call. */
  readonly lost?: readonly string[];
  /** Number of times that each header was received. */
  readonly raw?: Readonly<Record<string, number>>;
}

for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
  describe(`Outgoing calls, Node ${name}`, () => {
    let receiver: Receiver;
    let upstream: UpstreamServers;
    let bare: HttpService;
    let preloaded: HttpService;
    let folder: string;

    before(async () => {
      const certificates = makeCertificates();
      folder = mkdtempSync(join(tmpdir(), "telltale-calls-"));
      const certificate = join(folder, "ca.pem");
      writeFileSync(certificate, certificates.ca);
      [receiver, upstream] = await Promise.all([
        startReceiver(),
        startUpstreamServers(certificates.server),
      ]);
      const places = JSON.stringify({ ...upstream, certificate });
      const options = { app: "caller.mjs", node: path, args: [places] };
      [bare, preloaded] = await Promise.all([
        HttpService.start(options),
        HttpService.start({ ...options, receiver }),
      ]);
    });
    after(async () => {
      await Promise.all([bare.stop(), upstream.close(), receiver.close()]);
      rmSync(folder, { recursive: true });
    });

    for (const call of callScenarios) {
      it(`${call.name}: ${inWords(call)}`, () => check(call));
    }

    it("are counted once per span, and telltale's own are not", async () => {
      const expected = callScenarios.reduce((sum, { spans }) => sum + spans.length, 0);
      const page = await preloaded.page();
      const counts = valuesOf(page, "http_client_request_duration_seconds_count");
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        expected,
      );
      assert.ok(!page.includes(`server_port="${receiver.port}"`));
      const ended = await preloaded.stop();
      await receiver.settled();
      assert.equal(ended.stderr, "");
      assert.equal(receiver.spans.length, expected + callScenarios.length);
      const ids = new Set(receiver.spans.map(({ spanId }) => spanId));
      assert.equal(ids.size, receiver.spans.length);
      const counted = valuesOf(page, "http_server_request_duration_seconds_count");
      assert.deepEqual(counted, [callScenarios.length]);
    });

    async function check(call: CallScenario): Promise<void> {
      const traceId = randomBytes(16).toString("hex");
      const [asBare, asPreloaded] = await Promise.all([
        callResultOf(bare, call, randomBytes(16).toString("hex")),
        callResultOf(preloaded, call, traceId),
      ]);
      assert.deepEqual(withoutTrace(asPreloaded), withoutTrace(asBare));
      assert.equal(asBare.thrown, undefined);
      assert.deepEqual(asPreloaded.lost ?? [], []);
      const count = call.spans.length + 1;
      const spans = await receiver.waitFor((received) => {
        const found = received.spans.filter((span) => span.traceId === traceId);
        return found.length >= count && found;
      }, `${count} spans`);
      const server = spans.find(({ kind }) => kind === "SERVER");
      const clients = spans
        .filter(({ kind }) => kind === "CLIENT")
        .toSorted((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1));
      assert.equal(clients.length, call.spans.length, JSON.stringify(clients));
      call.spans.forEach((expected, at) => checkSpan(clients[at], expected, upstream));
      for (const { parentSpanId } of clients) assert.equal(parentSpanId, server?.spanId);
      checkPropagation(call, asPreloaded, clients.at(-1));
    }
  });
}

function inWords({ spans }: CallScenario): string {
  return spans.length === 1 ? "one span" : `${spans.length === 0 ? "no" : spans.length} spans`;
}

async function callResultOf(
  service: HttpService,
  call: CallScenario,
  traceId: string,
): Promise<CallResult> {
  const response = await service.get(`/call?name=${encodeURIComponent(call.name)}`, {
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    "x-request-id": `id-${traceId}`,
  });
  return (await response.json()) as CallResult;
}

/** Removes the trace context, and headers that are different in each call. */
function withoutTrace({ headers, raw, ...rest }: CallResult): object {
  const others = [
    ...["traceparent", "tracestate", "baggage", "x-request-id"],
    ...["sec-websocket-key", "host"],
  ];
  const without = (names: Readonly<Record<string, unknown>> = {}): object =>
    Object.fromEntries(Object.entries(names).filter(([name]) => !others.includes(name)));
  return { headers: without(headers), raw: without(raw), ...rest };
}

function checkPropagation(
  call: CallScenario,
  result: CallResult,
  span: ReceivedSpan | undefined,
): void {
  if (result.headers === undefined) return;
  const traceparent = result.headers["traceparent"];
  if (call.silent === true) {
    assert.equal(traceparent, undefined);
    assert.equal(result.headers["x-request-id"], undefined);
    return;
  }
  assert.equal(traceparent, `00-${span?.traceId}-${span?.spanId}-01`);
  assert.equal(result.headers["x-request-id"], `id-${span?.traceId}`);
  if (result.raw !== undefined) {
    assert.deepEqual([result.raw["traceparent"], result.raw["x-request-id"]], [1, 1]);
  }
}

function checkSpan(
  span: ReceivedSpan | undefined,
  expected: ExpectedClientSpan,
  upstream: UpstreamServers,
): void {
  const label = JSON.stringify({ ...span, resource: undefined });
  assert.ok(span !== undefined, label);
  const { attributes } = span;
  const { name = "GET", status, url, protocol, error } = expected;
  assert.equal(span.name, name, label);
  assert.equal(attributes["http.response.status_code"], status, label);
  const version = protocol ?? (status === undefined ? undefined : "1.1");
  assert.equal(attributes["network.protocol.version"], version, label);
  const type = error ?? (status !== undefined && status >= 400 ? String(status) : undefined);
  if (type instanceof RegExp) assert.match(JSON.stringify(attributes["error.type"]), type, label);
  else assert.equal(attributes["error.type"], type, label);
  assert.equal(span.status.code, type === undefined ? "UNSET" : "ERROR", label);
  if (url !== undefined) checkTarget(span, url, expected, upstream);
}

function checkTarget(
  { attributes }: ReceivedSpan,
  url: string,
  { address, port }: ExpectedClientSpan,
  upstream: UpstreamServers,
): void {
  if (url === "") {
    assert.equal(attributes["url.full"], undefined);
    return;
  }
  const full = url.replace("PLAIN", upstream.plain).replace("TLS", upstream.tls);
  assert.equal(attributes["url.full"], full);
  const { hostname, port: own } = new URL(full);
  assert.equal(attributes["server.address"], address ?? hostname);
  assert.equal(attributes["server.port"], port ?? Number(own));
}
