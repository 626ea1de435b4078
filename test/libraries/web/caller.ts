import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import type { Receiver } from "../../../src/testing/receiver.ts";

/** A client with a new trace for each test, so that late telemetry of other tests is recognized. */
export class Caller {
  readonly traceId: string = randomBytes(16).toString("hex");
  readonly spanId = "b7ad6b7169203331";
  readonly headers: Readonly<Record<string, string>> = {
    traceparent: `00-${this.traceId}-${this.spanId}-01`,
    "x-request-id": "from-the-caller",
  };

  /** Waits for the only server span of this trace that matches. */
  async serverSpan(
    receiver: Receiver,
    matches: (span: ReceivedSpan) => boolean = () => true,
  ): Promise<ReceivedSpan> {
    const isMine = (span: ReceivedSpan): boolean =>
      span.kind === "SERVER" && span.traceId === this.traceId && matches(span);
    await receiver.waitFor(({ spans }) => spans.some(isMine), "a server span");
    const found = receiver.spans.filter(isMine);
    assert.equal(found.length, 1, `${found.length} server spans`);
    return found[0] ?? assert.fail();
  }

  /** Waits for the span of a message that is linked to this trace. */
  messageSpan(receiver: Receiver): Promise<ReceivedSpan> {
    return receiver.waitFor(
      ({ spans }) => spans.find(({ links }) => links[0]?.traceId === this.traceId),
      "a message",
    );
  }
}

/** Waits for the span of a message in a separate trace, and returns it with its links. */
export async function waitForMessageSpan(
  receiver: Receiver,
  traceId: unknown,
): Promise<{ readonly span: ReceivedSpan; readonly links: readonly string[][] }> {
  const span = await receiver.waitFor(
    ({ spans }) => spans.find((one) => one.traceId === traceId),
    `a span of ${String(traceId)}`,
  );
  return { span, links: span.links.map(({ traceId: trace, spanId }) => [trace, spanId]) };
}
