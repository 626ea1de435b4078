import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload } from "../program.ts";
import { runApp, appTelemetryEnv } from "./run.ts";

/** The footprint that `apps/footprint.mjs` prints. */
type Footprint = Readonly<Record<string, readonly string[]>>;

const preloads = {
  "--import": preload.import,
  "--require": preload.require,
  both: [...preload.import, ...preload.require],
} as const;

describe("OTEL_SDK_DISABLED", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());

  for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
    for (const [way, flags] of Object.entries(preloads)) {
      for (const value of ["true", " TRUE "]) {
        it(`(${JSON.stringify(value)}) leaves nothing in the process, by ${way} on Node ${name}`, async () => {
          const env = { ...(await appTelemetryEnv(receiver)), OTEL_SDK_DISABLED: value };
          const [bare, off] = await Promise.all([
            runApp({ app: "footprint.mjs", node: path }),
            runApp({ app: "footprint.mjs", node: path, flags, env }),
          ]);
          await receiver.settled();
          assert.deepEqual([off.stderr, off.code], ["", 0]);
          const found = JSON.parse(off.stdout) as Footprint;
          const expected = JSON.parse(bare.stdout) as Footprint;
          const files = (expected["files"] ?? []).concat(way === "--import" ? [] : ["register.js"]);
          assert.deepEqual(
            { ...found, files: found["files"]?.toSorted() },
            { ...expected, files: files.toSorted() },
          );
          assert.deepEqual(receiver.requests, []);
        });
      }
    }
  }

  it("is the reason: the same app has a footprint without it", async () => {
    const env = await appTelemetryEnv(receiver);
    const { stdout } = await runApp({ app: "footprint.mjs", flags: preload.import, env });
    await receiver.settled();
    const found = JSON.parse(stdout) as Footprint;
    assert.ok(found["files"]?.includes("start.js"));
    assert.ok(found["channels"]?.includes("http.server.response.finish"));
    assert.ok(found["headers"]?.includes("x-request-id"));
    assert.ok(receiver.spans.length > 0);
  });

  it("suppresses the message about a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const env = {
      ...(await appTelemetryEnv(receiver)),
      OTEL_EXPORTER_PROMETHEUS_PORT: String((other.address() as AddressInfo).port),
      OTEL_SDK_DISABLED: "true",
    };
    const { stderr } = await runApp({ app: "footprint.mjs", flags: preload.import, env });
    other.close();
    assert.equal(stderr, "");
  });
});
