import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/receiver/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload, Program, telemetryTo } from "../program.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";

const ways = [
  { title: "is thrown in its handler", name: "throw", origin: "uncaughtexception" },
  { title: "is thrown in a timer of it", name: "timer", origin: "uncaughtexception" },
  { title: "is a rejection that nobody handles", name: "rejection", origin: "unhandledrejection" },
  { title: "is thrown after an await", name: "await", origin: "unhandledrejection" },
  { title: "is thrown as its body comes", name: "body", origin: "uncaughtexception" },
];

describe("An error of a request that ends the process", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  for (const { name: version, path } of nodes) {
    for (const { title, name, origin } of ways) {
      it(`and ${title} is an event of that request, on Node ${version}`, async () => {
        const program = new Program({
          file: fileURLToPath(new URL("apps/crash.mjs", import.meta.url)),
          node: path,
          flags: preload.import,
          args: [name],
          env: telemetryTo(receiver),
        });
        const port = await program.says((stdout) => /^port (\d+)\n/.exec(stdout)?.[1]);
        await assert.rejects(ask(port));
        const { code, stderr } = await program.ended;
        assert.equal(code, 1);
        assert.match(stderr, /^.*crash\.mjs:\d+\n.*throw|^.*crash\.mjs:\d+\n.*Promise\.reject/);
        const event = await receiver.waitFor(({ events }) => events[0]);
        assert.equal(event.exception?.values?.[0]?.mechanism?.["type"], `auto.node.on${origin}`);
        assert.equal(event.contexts?.["trace"]?.["trace_id"], traceId);
        assert.deepEqual(event.tags, { request_id: "from-the-caller" });
      });
    }
  }
});

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
