import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../src/context/context.ts";
import { runWithContext } from "../../src/context/manager.ts";
import { createChildEnvironment } from "../../src/processes/child-environment.ts";
import { NonRecordingSpan } from "../../src/traces/non-recording-span.ts";
import { createPropagator } from "../../src/traces/propagation/propagator.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
const [traceId = "", spanId = ""] = TRACE.split("-");
const active = ROOT_CONTEXT.withSpan(new NonRecordingSpan({ traceId, spanId, traceFlags: 1 }));
const OLD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

interface Row {
  readonly title: string;
  readonly context?: typeof ROOT_CONTEXT;
  readonly inherited?: Readonly<Record<string, string>>;
  readonly propagators?: Parameters<typeof createPropagator>[0];
  readonly pairs: readonly unknown[];
  /** Undefined: they stay as they are. */
  readonly expected: readonly string[] | undefined;
}

const rows: readonly Row[] = [
  {
    title: "has the active trace",
    pairs: ["A=1"],
    expected: ["A=1", `TRACEPARENT=00-${TRACE}-01`],
  },
  {
    title: "stays as it is without a trace",
    context: ROOT_CONTEXT,
    pairs: [],
    expected: undefined,
  },
  {
    title: "has the active trace instead of the inherited one, and nothing else of that",
    inherited: { TRACEPARENT: OLD, TRACESTATE: "a=1", BAGGAGE: "b=1" },
    pairs: [`TRACEPARENT=${OLD}`, "TRACESTATE=a=1", "BAGGAGE=b=1", "A=1"],
    expected: ["A=1", `TRACEPARENT=00-${TRACE}-01`],
  },
  {
    title: "has no inherited trace that this process does not continue any more",
    context: ROOT_CONTEXT,
    inherited: { TRACEPARENT: OLD },
    pairs: [`TRACEPARENT=${OLD}`, "A=1"],
    expected: ["A=1"],
  },
  {
    title: "keeps a trace of the app",
    inherited: { TRACEPARENT: OLD },
    pairs: ["TRACEPARENT=own"],
    expected: undefined,
  },
  {
    title: "keeps an empty value, by which the app passes on no trace",
    pairs: ["TRACEPARENT="],
    expected: undefined,
  },
  {
    title: "keeps baggage of the app",
    pairs: ["BAGGAGE=own=1"],
    expected: ["BAGGAGE=own=1", `TRACEPARENT=00-${TRACE}-01`],
  },
  {
    title: "has the names of other formats",
    propagators: ["b3multi", "jaeger"],
    pairs: [],
    expected: [
      `X_B3_TRACEID=${traceId}`,
      `X_B3_SPANID=${spanId}`,
      "X_B3_SAMPLED=1",
      `UBER_TRACE_ID=${traceId}:${spanId}:0:01`,
    ],
  },
  { title: "stays as it is if it contains no texts", pairs: [1], expected: undefined },
  {
    title: "keeps variables with several equals signs, and without any",
    pairs: ["A=b=c", "=C:=C:\\", "B", ""],
    expected: ["A=b=c", "=C:=C:\\", "B", "", `TRACEPARENT=00-${TRACE}-01`],
  },
];

describe("The environment of a child process", () => {
  for (const row of rows) {
    it(row.title, () => {
      const { context = active, inherited = {}, pairs, expected } = row;
      const names = row.propagators ?? ["tracecontext", "baggage"];
      const propagator = createPropagator(names, { sentry: false });
      const environment = createChildEnvironment(propagator, new Map(Object.entries(inherited)));
      const before = [...pairs];
      runWithContext(context, () => assert.deepEqual(environment.pairsFor(pairs), expected));
      assert.deepEqual(pairs, before);
    });
  }
});
