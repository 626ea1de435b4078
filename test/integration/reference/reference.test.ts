import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

/**
 * `@opentelemetry/sdk-node` with its OTLP exporter is the reference: the same
 * app has to leave the same spans at the receiver under it and under telltale.
 */
describe("An app that makes spans through the API", () => {
  let receiver: Receiver;
  before(async () => (receiver = await startReceiver()));
  after(() => receiver.close());

  it("exports under telltale what it exports under @opentelemetry/sdk-node", async () => {
    const expected = await spansOf([], ["sdk-node"]);
    const actual = await spansOf(preload["import"] ?? [], []);
    assert.deepEqual(Object.keys(actual), ["inner renamed", "outer", "root"]);
    assert.deepEqual(actual, expected);
  });

  async function spansOf(
    flags: readonly string[],
    args: readonly string[],
  ): Promise<Record<string, object>> {
    receiver.clear();
    const file = fileURLToPath(new URL("app.mjs", import.meta.url));
    const env = { ...telemetryEnv(receiver), OTEL_METRICS_EXPORTER: "none" };
    const { code, stderr } = await new Program({ file, flags, args, env }).ended;
    assert.deepEqual([code, stderr], [0, ""]);
    await receiver.settled();
    const names = new Map(receiver.spans.map(({ spanId, name }) => [spanId, name]));
    const rows = receiver.spans.map((span) => [span.name, describeSpan(span, names)] as const);
    return Object.fromEntries(rows.toSorted(([a], [b]) => a.localeCompare(b)));
  }
});

/**
 * A span without what differs from run to run (ids, times of the clock, the
 * stack), and without what differs on purpose (docs/conformance.md): the random
 * flag, the resource, the probability that telltale notes on a local root.
 */
function describeSpan(span: ReceivedSpan, names: ReadonlyMap<string, string>): object {
  const nameOf = (id: string): string => names.get(id) ?? id;
  const { name, kind, attributes, status, scope, traceState } = span;
  const isPinned = name === "outer";
  return {
    kind,
    attributes,
    status,
    scope,
    traceState,
    parent: nameOf(span.parentSpanId),
    isInRemoteTrace: span.traceId === "0af7651916cd43dd8448eb211c80319c",
    isSampled: span.flags & 1,
    times: isPinned ? [span.startTimeUnixNano, span.endTimeUnixNano] : [],
    events: span.events.map(({ name, timeUnixNano, attributes }) => {
      const { "exception.stacktrace": stack, ...others } = attributes;
      return { name, timeUnixNano, attributes: others, hasStack: typeof stack === "string" };
    }),
    links: span.links.map(({ spanId, attributes }) => ({ to: nameOf(spanId), attributes })),
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
  };
}
