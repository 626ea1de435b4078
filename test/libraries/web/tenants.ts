import assert from "node:assert/strict";
import type { ReceivedEvent, ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { WebApp, type AppOptions } from "./app.ts";

const TENANTS = 100;

/** One of many concurrent callers, with its trace and its request id. */
export interface Tenant {
  readonly number: number;
  readonly traceId: string;
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
}

const tenants: readonly Tenant[] = Array.from({ length: TENANTS }, (_, number) => {
  const traceId = (number + 1).toString(16).padStart(32, "a");
  const requestId = `request-${number}`;
  return {
    number,
    traceId,
    requestId,
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, "x-request-id": requestId },
  };
});

export interface ConcurrencyCase {
  readonly title: string;
  readonly app: () => Omit<AppOptions, "receiver">;
  /** Sends all requests at once, each of which ends in `failTenant` (`apps/work.cjs`). */
  readonly sendRequests: (app: WebApp, tenants: readonly Tenant[]) => Promise<void>;
  /** Whether this is the server span of a tenant; by default, any server span. */
  readonly isEntry?: (span: ReceivedSpan) => boolean;
  /** Lines that the app logs before `failTenant`, which are breadcrumbs too. */
  readonly firstLines?: readonly string[];
}

/** Describes tests that the telemetry of a hundred concurrent requests is never mixed. */
export function describeConcurrentRequests({
  title,
  app: optionsOf,
  sendRequests,
  isEntry = isServer,
  firstLines = [],
}: ConcurrencyCase): void {
  describe(`${TENANTS} concurrent requests (${title})`, () => {
    let receiver: Receiver;
    let lines: WebApp["lines"];

    before(async () => {
      receiver = await startReceiver();
      const options = optionsOf();
      const env = { ...options.env, REQUESTS: String(TENANTS) };
      const app = await WebApp.start({ ...options, env, receiver });
      try {
        await sendRequests(app, tenants);
        await receiver.waitFor(
          ({ spans, events }) =>
            spans.filter(isEntry).length >= TENANTS && events.length >= TENANTS,
          `${TENANTS} spans and events`,
        );
      } finally {
        await app.stop();
      }
      lines = app.lines.filter(({ tenant }) => tenant !== undefined);
    });
    after(() => receiver.close());

    testIsolation(() => ({ receiver, lines }), isEntry, firstLines);
  });
}

interface ConcurrentTelemetry {
  readonly receiver: Receiver;
  readonly lines: WebApp["lines"];
}

function testIsolation(
  telemetry: () => ConcurrentTelemetry,
  isEntry: (span: ReceivedSpan) => boolean,
  firstLines: readonly string[],
): void {
  it("have one span each, in the caller's trace and with its request id", () => {
    for (const { traceId, requestId } of tenants) {
      const span = spanIn(telemetry().receiver.spans.filter(isEntry), traceId);
      assert.equal(span.attributes["telltale.request.id"], requestId);
    }
  });

  it("have the ids and the user of the right request on each log line", () => {
    assert.equal(telemetry().lines.length, 2 * TENANTS);
    for (const { tenant, trace_id: trace, request_id: id, user_id: user } of telemetry().lines) {
      const { traceId, requestId, number } = tenants[Number(tenant)] ?? assert.fail();
      assert.deepEqual([trace, id, user], [traceId, requestId, `user-${number}`]);
    }
  });

  it("have the ids, the user, the tags and the breadcrumbs of the right request on each event", () => {
    assert.equal(telemetry().receiver.events.length, TENANTS);
    for (const { number, traceId, requestId } of tenants) {
      const event = eventOf(telemetry().receiver.events, number);
      assert.equal(event.contexts?.["trace"]?.["trace_id"], traceId);
      assert.deepEqual(event.user, { id: `user-${number}` });
      assert.equal(event.tags?.["request_id"], requestId);
      assert.equal(event.tags?.["tenant"], String(number));
      assert.deepEqual(
        event.breadcrumbs?.map(({ message, data }) => [message, Number(data?.["tenant"])]),
        [
          ...firstLines.map((line) => [line, NaN]),
          [`tenant ${number} began`, NaN],
          ["began", number],
          ["ends", number],
          [`tenant ${number} ends`, NaN],
        ],
      );
    }
  });
}

function isServer({ kind }: ReceivedSpan): boolean {
  return kind === "SERVER";
}

function spanIn(spans: readonly ReceivedSpan[], traceId: string): ReceivedSpan {
  const found = spans.filter((span) => span.traceId === traceId);
  assert.equal(found.length, 1, `${found.length} server spans of ${traceId}`);
  return found[0] ?? assert.fail();
}

function eventOf(events: readonly ReceivedEvent[], tenant: number): ReceivedEvent {
  const found = events.filter(({ exception }) =>
    exception?.values?.some(({ value }) => value === `tenant ${tenant}`),
  );
  assert.equal(found.length, 1, `${found.length} events of tenant ${tenant}`);
  return found[0] ?? assert.fail();
}
