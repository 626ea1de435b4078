import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReceivedSpan } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { node, nodes } from "../../nodes.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../program.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";

const crashes = [
  { title: "is thrown in its handler", way: "throw", origin: "uncaughtexception" },
  { title: "is thrown in a timer of it", way: "timer", origin: "uncaughtexception" },
  { title: "is an unhandled rejection", way: "rejection", origin: "unhandledrejection" },
  { title: "is thrown after an await", way: "await", origin: "unhandledrejection" },
  { title: "is thrown while its body is received", way: "body", origin: "uncaughtexception" },
];

describe("A request in flight at process exit", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  for (const { name: version, path } of nodes) {
    for (const { title, way, origin } of crashes) {
      it(`by an error that ${title} has the event and the trace, on Node ${version}`, async () => {
        const { code, stderr } = await endBy(way, path, receiver);
        assert.equal(code, 1);
        // The place of the throw, not that of the capture.
        assert.match(stderr, /^.*crash\.mjs:\d+\n +(throw|Promise\.reject)/);
        const span = await spanOf(receiver);
        assert.equal(span.status.code, "ERROR");
        assert.equal(span.attributes["error.type"], "Error");
        assert.equal(span.attributes["telltale.request.aborted"], true);
        assert.equal(span.events[0]?.attributes["exception.message"], "crash");
        const event = await receiver.waitFor(({ events }) => events[0]);
        assert.equal(event.exception?.values?.[0]?.mechanism?.["type"], `auto.node.on${origin}`);
        const { trace_id: eventTrace, span_id: eventSpan } = event.contexts?.["trace"] ?? {};
        assert.deepEqual([eventTrace, eventSpan], [traceId, span.spanId]);
        assert.deepEqual(event.tags, { request_id: "from-the-caller" });
      });
    }
  }

  for (const { name: version, path } of nodes) {
    it(`by an error is logged with its ids by the app's listener, on Node ${version}`, async () => {
      const { code, stderr } = await endBy("listener", path, receiver, {
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: "none",
      });
      assert.deepEqual([code, stderr], [7, "dying of crash\n"]);
      const span = await spanOf(receiver);
      const line = await receiver.waitFor(({ logs }) => logs[0]);
      assert.equal(line.body, "dying of crash");
      assert.deepEqual([line.traceId, line.spanId], [traceId, span.spanId]);
    });
  }

  it("by process.exit has a span with an aborted response", async () => {
    const { code } = await endBy("exit", node, receiver);
    assert.equal(code, 3);
    const { attributes, status } = await spanOf(receiver);
    assert.equal(attributes["telltale.request.aborted"], true);
    assert.ok(!("http.response.status_code" in attributes));
    assert.equal(status.code, "UNSET");
  });

  it("by process.exit after its response has a normal span", async () => {
    const { code } = await endBy("exitAfterAnswer", node, receiver);
    assert.equal(code, 3);
    const { attributes } = await spanOf(receiver);
    assert.equal(attributes["http.response.status_code"], 200);
    assert.ok(!("telltale.request.aborted" in attributes));
  });

  it("by SIGTERM has a span with an aborted response", async () => {
    const { signal } = await endBy("signal", node, receiver);
    assert.equal(signal, "SIGTERM");
    const { attributes } = await spanOf(receiver);
    assert.equal(attributes["telltale.request.aborted"], true);
  });
});

async function endBy(
  way: string,
  path: string,
  receiver: Receiver,
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const program = new Program({
    file: fileURLToPath(new URL("apps/crash.mjs", import.meta.url)),
    node: path,
    flags: preload.import,
    args: [way],
    env: { ...telemetryEnv(receiver), ...env },
  });
  const port = await program.waitForStdout((stdout) => /^port (\d+)\n/.exec(stdout)?.[1]);
  const answered = ask(port).catch(() => undefined);
  if (way === "signal") {
    await program.waitForStdout((stdout) => /^here$/m.exec(stdout));
    program.kill("SIGTERM");
  }
  await answered;
  return program.ended;
}

async function ask(port: string): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    body: "text",
    headers: {
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      "x-request-id": "from-the-caller",
    },
  });
}

function spanOf(receiver: Receiver): Promise<ReceivedSpan> {
  return receiver.waitFor(({ spans }) => spans.find((span) => span.traceId === traceId));
}
