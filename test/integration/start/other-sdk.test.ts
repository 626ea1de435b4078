import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { preload } from "../program.ts";
import { appPath, runApp, appTelemetryEnv } from "./run.ts";

/** The output of `apps/with-sdk.mjs`. */
interface AppOutput {
  readonly answer: string;
  readonly hasId: boolean;
  /** Spans that the other SDK has exported. */
  readonly finished: readonly string[];
}

const line =
  /^telltale: another OpenTelemetry SDK is already registered \(API 1\.10\.0\), so telltale records nothing; .*\n$/;

/** SDKs that are preloaded before telltale, and the spans that they export. */
const others: readonly { title: string; app: string; sdk: string; finished: readonly string[] }[] =
  [
    {
      title: "a manually configured SDK",
      app: "sdk-first.mjs",
      sdk: "trace,context,propagation,metrics",
      finished: ["own"],
    },
    { title: "NodeSDK", app: "sdk-node-first.mjs", sdk: "", finished: ["own"] },
    {
      title: "only a tracer provider",
      app: "sdk-first.mjs",
      sdk: "trace",
      finished: ["own"],
    },
    { title: "only a meter provider", app: "sdk-first.mjs", sdk: "metrics", finished: [] },
    { title: "only a context manager", app: "sdk-first.mjs", sdk: "context", finished: [] },
    { title: "only a propagator", app: "sdk-first.mjs", sdk: "propagation", finished: [] },
  ];

describe("Another SDK", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  for (const { name, path } of nodes.filter(({ name }) => name !== "24")) {
    describe(`before telltale, on Node ${name}`, () => {
      for (const { title, app, sdk, finished } of others) {
        it(`(${title}) stays, with one line, and telltale records nothing`, async () => {
          const first = ["--import", appPath(app)];
          const [bare, preloaded] = await Promise.all([
            runApp({ app: "with-sdk.mjs", node: path, flags: first, env: { SDK: sdk } }),
            runApp({
              app: "with-sdk.mjs",
              node: path,
              // Preloaded twice, but reported once.
              flags: [...first, ...preload.import, "--import", `${preload.import[1]}?again`],
              env: { ...(await appTelemetryEnv(receiver)), SDK: sdk },
            }),
          ]);
          await receiver.settled();
          assert.match(preloaded.stderr, line);
          assert.deepEqual([preloaded.stdout, preloaded.code], [bare.stdout, 0]);
          const output = JSON.parse(preloaded.stdout) as AppOutput;
          assert.deepEqual(output.finished, finished);
          assert.equal(output.hasId, false);
          assert.deepEqual(receiver.requests, []);
        });
      }
    });

    describe(`that the app starts itself, on Node ${name}`, () => {
      for (const when of ["before", "after"]) {
        it(`${when} its server, changes nothing of telltale, and the app runs on`, async () => {
          const { stdout, stderr, code } = await runApp({
            app: "with-sdk.mjs",
            node: path,
            args: [when],
            flags: preload.import,
            env: await appTelemetryEnv(receiver),
          });
          await receiver.settled();
          assert.deepEqual([stderr, code], ["", 0]);
          const output = JSON.parse(stdout) as AppOutput;
          assert.deepEqual([output.answer, output.hasId], ["same", true]);
          const server = receiver.spans.find(({ kind }) => kind === "SERVER");
          const own = receiver.spans.find(({ name }) => name === "own");
          assert.equal(own?.traceId, server?.traceId);
          assert.equal(own?.parentSpanId, server?.spanId);
        });
      }
    });
  }
});
