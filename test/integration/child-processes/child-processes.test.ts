import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";
const INHERITED = {
  TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-01`,
  TRACESTATE: "vendor=1",
  BAGGAGE: "tenant=blue",
};

const appFile = (name: string): string =>
  fileURLToPath(new URL(`apps/${name}.mjs`, import.meta.url));

/** Processes that are started between two measurements of memory. */
const COUNT = 500;

/** The preload for all Nodes below a process, as in a container. */
const NODE_OPTIONS = preload.import.join(" ");

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  readonly hasChannel?: boolean;
}

describe("Child processes", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  afterEach(() => Program.killAll());
  after(() => receiver.close());

  /** Runs an app to its end and returns what it has printed. */
  const run = async (app: string, { env, ...options }: RunOptions = {}): Promise<string> => {
    const program = new Program({
      file: appFile(app),
      env: { ...telemetryEnv(receiver), NODE_OPTIONS, ...env },
      ...options,
    });
    const { code, stderr, stdout } = await program.ended;
    assert.deepEqual([code, stderr], [0, ""]);
    await receiver.settled();
    return stdout;
  };
  /** The spans of the app by name, with the ids of their traces and parents. */
  const spansByName = (): Map<string, { traceId: string; spanId: string; parentSpanId: string }> =>
    new Map(
      receiver.spans.map(({ name, traceId, spanId, parentSpanId }) => [
        name,
        { traceId, spanId, parentSpanId },
      ]),
    );

  for (const { name, path } of nodes) {
    it(`of Node ${name} continue one trace through shells, threads and forks`, async () => {
      await run("chain", { node: path, env: { ...INHERITED } });
      const spans = spansByName();
      let parent = SPAN_ID;
      for (const step of ["parent", "child", "worker", "forked"]) {
        const span = spans.get(step);
        assert.deepEqual([span?.traceId, span?.parentSpanId], [TRACE_ID, parent], step);
        parent = span?.spanId ?? "";
      }
    });

    it(`of Node ${name} are started as without the preload, by every overload`, async () => {
      const bare = new Program({ node: path, file: appFile("overloads") });
      const preloaded = new Program({
        node: path,
        file: appFile("overloads"),
        // By flags, so that the variables are those of the other run. Both have no exporters.
        flags: [...preload.import, "--pending-deprecation"],
      });
      const [expected, received] = await Promise.all([bare.ended, preloaded.ended]);
      const { span, ...results } = JSON.parse(received.stdout) as Record<string, unknown>;
      const { span: _none, ...bareResults } = JSON.parse(expected.stdout) as typeof results;
      assert.ok(Object.keys(results).length > 110);
      const added = `TRACEPARENT=00-${String(span)}-03`;
      let withTrace = 0;
      for (const [title, result] of Object.entries(results)) {
        const text = JSON.stringify(result);
        if (text.includes(added)) withTrace++;
        assert.deepEqual(withoutText(result, added), bareResults[title], title);
      }
      // All but those that start nothing, and those whose app has set a trace itself.
      assert.equal(withTrace, 89);
      assert.equal(expected.stderr, "");
      assert.doesNotMatch(received.stderr, /Deprecat/);
    });
  }

  it("receive no trace if that is switched off, and continue none", async () => {
    await run("chain", { env: { ...INHERITED, TELLTALE_ENV_CARRIER: "false" } });
    const ids = receiver.spans.map(({ traceId }) => traceId);
    assert.equal(new Set(ids).size, 4);
    assert.ok(!ids.includes(TRACE_ID));
  });

  it("receive the decision not to sample", async () => {
    await run("chain", { env: { TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-00` } });
    assert.deepEqual(receiver.spans, []);
  });

  it("of a script continue its trace, as do its calls, jobs and errors", async () => {
    await run("script", { env: INHERITED });
    const spans = spansByName();
    assert.deepEqual([...spans.keys()].toSorted(), ["GET", "import"]);
    for (const { traceId, parentSpanId } of spans.values()) {
      assert.deepEqual([traceId, parentSpanId], [TRACE_ID, SPAN_ID]);
    }
    assert.equal(receiver.events[0]?.contexts?.["trace"]?.["trace_id"], TRACE_ID);
  });

  it("that are threads continue the trace, whatever their variables are", async () => {
    const output = await run("threads", { env: INHERITED });
    const spans = spansByName();
    const { traceId, spanId, parentSpanId } = spans.get("parent") ?? {};
    assert.deepEqual([traceId, parentSpanId], [TRACE_ID, SPAN_ID]);
    const own = "00-11111111111111111111111111111111-2222222222222222-01";
    const rows = [
      ["missing", spanId, INHERITED.TRACEPARENT],
      ["without", spanId, "undefined"],
      ["frozen", spanId, "undefined"],
      ["shared", spanId, INHERITED.TRACEPARENT],
      ["own", own.slice(36, 52), own],
      ["outside", SPAN_ID, INHERITED.TRACEPARENT],
    ] as const;
    for (const [name, parent, variable] of rows) {
      assert.equal(spans.get(name)?.parentSpanId, parent, name);
      assert.ok(output.includes(`${name}: ${variable}\n`), output);
    }
  });

  it("of a server receive the trace of the request, and none of what has started the server", async () => {
    const output = await run("server", { env: INHERITED });
    const {
      before: atStart,
      during,
      after: atEnd,
    } = JSON.parse(output) as Record<string, string[]>;
    assert.deepEqual(atStart, [
      `TRACEPARENT=${INHERITED.TRACEPARENT}`,
      `TRACESTATE=${INHERITED.TRACESTATE}`,
      `BAGGAGE=${INHERITED.BAGGAGE}`,
    ]);
    const spans = spansByName();
    const server = receiver.spans.find(({ kind }) => kind === "SERVER");
    assert.deepEqual(during, [`TRACEPARENT=00-${server?.traceId}-${server?.spanId}-03`]);
    assert.deepEqual(atEnd, []);
    assert.equal(spans.get("before")?.traceId, TRACE_ID);
    assert.notEqual(spans.get("later")?.traceId, TRACE_ID);
  });

  it("leave nothing behind", async () => {
    const flags = ["--expose-gc"];
    const output = await run("spawns", {
      flags,
      args: [String(COUNT), "8"],
      // Spans in a queue would be memory too.
      env: { OTEL_TRACES_SAMPLER: "always_off" },
    });
    const { heap, descriptors, resources } = JSON.parse(output) as Record<string, number>;
    assert.ok((descriptors ?? Infinity) < COUNT / 10, output);
    assert.ok((resources ?? Infinity) < COUNT / 10, output);
    assert.ok((heap ?? Infinity) < COUNT * 250, output);
  });
});

/** Returns a copy without the lines that contain a text. */
function withoutText(value: unknown, text: string): unknown {
  if (Array.isArray(value)) {
    return value.filter((one) => one !== text).map((one) => withoutText(one, text));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withoutText(one, text)] as const),
  );
}
