import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import type { Receiver } from "../../../src/testing/receiver.ts";

/** One who calls, each test anew: what comes late of another test has another trace. */
export class Caller {
  readonly traceId: string = randomBytes(16).toString("hex");
  readonly spanId = "b7ad6b7169203331";
  readonly headers: Readonly<Record<string, string>> = {
    traceparent: `00-${this.traceId}-${this.spanId}-01`,
    "x-request-id": "from-the-caller",
  };

  /** The server span of this trace that is meant: the only one. */
  async serverSpan(
    receiver: Receiver,
    isMeant: (span: ReceivedSpan) => boolean = () => true,
  ): Promise<ReceivedSpan> {
    const isMine = (span: ReceivedSpan): boolean =>
      span.kind === "SERVER" && span.traceId === this.traceId && isMeant(span);
    await receiver.waitFor(({ spans }) => spans.some(isMine), "a server span");
    const found = receiver.spans.filter(isMine);
    assert.equal(found.length, 1, `${found.length} server spans`);
    return found[0] ?? assert.fail();
  }

  /** The span of a message that is linked to this trace. */
  messageSpan(receiver: Receiver): Promise<ReceivedSpan> {
    return receiver.waitFor(
      ({ spans }) => spans.find(({ links }) => links[0]?.traceId === this.traceId),
      "a message",
    );
  }
}

/** The span of a message in a trace of its own, and its links. */
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
