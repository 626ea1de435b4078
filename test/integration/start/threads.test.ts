import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload } from "../program.ts";
import { runApp, appTelemetryEnv } from "./run.ts";

const publicApi = new URL("../../../dist/index.js", import.meta.url).href;

/** Ends of a worker thread, the events that the app receives, and the spans recorded until then. */
const ends: readonly {
  end: string;
  code: number;
  errors: readonly string[];
  /** A terminated thread has no exit event. */
  spans: readonly string[];
  events: readonly string[];
}[] = [
  { end: "end", code: 0, errors: [], spans: ["job", "last"], events: ["in the worker"] },
  { end: "exit", code: 5, errors: [], spans: ["job", "last"], events: ["in the worker"] },
  {
    end: "throw",
    code: 1,
    errors: ["out of the worker"],
    spans: ["job", "last"],
    events: ["in the worker", "out of the worker"],
  },
  { end: "terminate", code: 1, errors: [], spans: ["job"], events: ["in the worker"] },
];

const soon = { OTEL_BSP_SCHEDULE_DELAY: "20", OTEL_BLRP_SCHEDULE_DELAY: "20" };

/** Splits into lines, without the parts that differ between runs. */
function linesOf(stdout: string): { logged: unknown[]; result: unknown } {
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  const result = lines.find((line) => "did" in line);
  return { logged: lines.filter((line) => line !== result), result };
}

describe("A worker thread", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
    for (const { end, code, errors, spans, events } of ends) {
      it(`that ends (${end}) has exported everything, and claimed no port, on Node ${name}`, async () => {
        const env = { ...(await appTelemetryEnv(receiver)), ...soon };
        const options = { app: "threads.mjs", node: path, args: [end, publicApi] };
        const [bare, ended] = await Promise.all([
          runApp(options),
          runApp({ ...options, flags: preload.import, env }),
        ]);
        await receiver.settled();
        assert.deepEqual([ended.stderr, ended.code], [bare.stderr, bare.code]);
        assert.equal(ended.stderr, "");
        const { result, logged } = linesOf(ended.stdout);
        assert.deepEqual(result, {
          did: { answer: "hello", event: "string" },
          errors,
          code,
          metrics: 1,
        });
        const own = receiver.spans.filter(({ scope }) => scope.name === "worker");
        assert.deepEqual(own.map(({ name }) => name).toSorted(), spans);
        const job = own.find(({ name }) => name === "job");
        const kinds = receiver.spans.filter(({ traceId }) => traceId === job?.traceId);
        // The job, its call, and the work of the main thread for it.
        assert.deepEqual(kinds.map(({ kind }) => kind).toSorted(), [
          "CLIENT",
          "INTERNAL",
          "SERVER",
        ]);
        assert.deepEqual(
          logged.map((line) => (line as { trace_id?: string }).trace_id),
          [job?.traceId],
        );
        assert.deepEqual(
          receiver.logs.map(({ body, traceId }) => [body, traceId]),
          [["at work", job?.traceId]],
        );
        const messages = receiver.events.map(({ exception }) => exception?.values?.at(-1)?.value);
        assert.deepEqual(messages, events);
        assert.equal(receiver.events[0]?.contexts?.["trace"]?.["trace_id"], job?.traceId);
      });
    }
  }
});
