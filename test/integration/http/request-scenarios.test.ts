import assert from "node:assert/strict";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { nodes } from "../../nodes.ts";
import { converse } from "./conversation.ts";
import {
  type RequestScenario,
  type ExpectedServerSpan,
  requestScenarios,
} from "./request-scenarios.ts";
import { valuesOf } from "./page.ts";
import { ServicePair, type HttpService } from "./service.ts";

for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
  describe(`Requests on the wire, Node ${name}`, () => {
    let pair: ServicePair;
    before(async () => {
      pair = await ServicePair.start("service.mjs", path);
    });

    for (const [at, scenario] of requestScenarios.entries()) {
      it(`${scenario.title}: ${inWords(scenario)}`, () => check(pair, scenario, `case=${at}-`));
    }

    it("leave no request active, and are counted once per span", async () => {
      const expected = requestScenarios.reduce((sum, { spans }) => sum + spans.length, 0);
      const page = await pair.preloaded.page();
      assert.deepEqual(valuesOf(page, "http_server_active_requests").filter(Boolean), []);
      const counts = valuesOf(page, "http_server_request_duration_seconds_count");
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        expected,
      );
      const spans = await spansAtEnd(pair);
      assert.equal(spans.length, expected);
      assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, expected);
    });
  });
}

function inWords({ spans }: RequestScenario): string {
  return spans.length === 1 ? "one span" : `${spans.length === 0 ? "no" : spans.length} spans`;
}

async function check(pair: ServicePair, scenario: RequestScenario, key: string): Promise<void> {
  const [bare, preloaded] = await Promise.all([
    runScenario(pair.bare, pair, scenario, key),
    runScenario(pair.preloaded, pair, scenario, key),
  ]);
  assert.equal(withoutAddedHeaders(preloaded), withoutAddedHeaders(bare));
  const ids = preloaded.match(/^x-request-id: \S+\r$/gm) ?? [];
  assert.equal(ids.length, scenario.ids ?? scenario.spans.length, preloaded.slice(0, 2000));
  const { receiver } = pair;
  const spans = await receiver.waitFor((received) => {
    const found = spansOf(received.spans, key);
    return found.length >= scenario.spans.length && found;
  }, `${scenario.spans.length} spans`);
  spans.forEach((span, at) => {
    checkSpan(span, scenario.spans[at], key);
    const { isLater, endsLater } = scenario.spans[at] ?? {};
    const endBefore = BigInt(spans[at - 1]?.endTimeUnixNano ?? 0);
    if (isLater === true) assert.ok(BigInt(span.startTimeUnixNano) >= endBefore);
    if (endsLater === true) assert.ok(BigInt(span.endTimeUnixNano) >= endBefore);
  });
}

/** Removes the date and the request id of responses. */
function withoutAddedHeaders(text: string): string {
  return text.replaceAll(/^Date: .*\r\n/gm, "").replaceAll(/^x-request-id: \S+\r\n/gm, "");
}

function runScenario(
  service: HttpService,
  pair: ServicePair,
  scenario: RequestScenario,
  key: string,
): Promise<string> {
  const { server = "plain", steps } = scenario;
  const socket = service.connect(server, server === "tls" ? pair.certificates : undefined);
  return converse(
    socket,
    steps.map((step) => (typeof step === "string" ? step.replaceAll("CASE", key) : step)),
  );
}

function spansOf(all: readonly ReceivedSpan[], key: string): ReceivedSpan[] {
  return all
    .filter(({ attributes }) => JSON.stringify(attributes["url.query"] ?? "").includes(key))
    .toSorted((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1));
}

function checkSpan(
  span: ReceivedSpan,
  expected: ExpectedServerSpan | undefined,
  key: string,
): void {
  assert.ok(expected !== undefined, `one span too many: ${JSON.stringify(span)}`);
  const { attributes } = span;
  const label = JSON.stringify({ ...span, resource: undefined }).slice(0, 2000);
  assert.equal(span.kind, "SERVER", label);
  assert.equal(span.name, expected.name ?? "GET", label);
  if ("status" in expected) {
    assert.equal(attributes["http.response.status_code"], expected.status, label);
  }
  assert.equal(attributes["telltale.request.aborted"], expected.aborted, label);
  assert.equal(span.status.code, expected.failed === true ? "ERROR" : "UNSET", label);
  assert.ok(span.durationMs >= (expected.minMs ?? 0), label);
  for (const [name, value] of Object.entries(expected.attributes ?? {})) {
    const expectedValue = typeof value === "string" ? value.replaceAll("CASE", key) : value;
    assert.deepEqual(attributes[name], expectedValue, label);
  }
}

/** Returns all spans, once the process has delivered the last of them. */
async function spansAtEnd(pair: ServicePair): Promise<readonly ReceivedSpan[]> {
  const ended = await pair.stop();
  assert.equal(ended.stderr, "");
  return pair.receiver.spans;
}
