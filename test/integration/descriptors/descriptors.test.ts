import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { nodes } from "../../nodes.ts";
import { pollUntilTrue } from "../../until.ts";
import { preload, Program, telemetryEnv } from "../program.ts";

const run = promisify(execFile);
const file = fileURLToPath(new URL("app.mjs", import.meta.url));

const FAILURE = /can't be loaded: Error: .*too many open files/;

/** What can't be loaded without a file descriptor, and is tried again. */
const PARTS = [
  "the exporter of spans",
  "the exporter of log records",
  "the exporter of metrics",
  "Sentry",
];

describe("A process without a free file descriptor, from its start", () => {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());
  beforeEach(() => receiver.clear());

  for (const { name, path } of nodes) {
    it(`keeps spans, log records and metrics until exporters are loaded, counts lost errors, and reports each once, Node ${name}`, async () => {
      const program = new Program({
        file,
        node: path,
        flags: preload.import,
        env: {
          ...telemetryEnv(receiver),
          OTEL_BSP_SCHEDULE_DELAY: "100",
          OTEL_BLRP_SCHEDULE_DELAY: "100",
          OTEL_METRIC_EXPORT_INTERVAL: "500",
          OTEL_METRICS_EXPORTER: "otlp",
        },
      });
      const [, pid = ""] = await program.waitForStdout((stdout) => /"pid":(\d+)/.exec(stdout));
      await pollUntilTrue(
        () => PARTS.every((part) => linesOf(program, part).length > 0),
        () => `a line about each part: ${program.stderr}`,
      );
      await run("prlimit", ["--pid", pid, "--nofile=1024:"]);
      await receiver.waitFor(({ spans }) =>
        spans.some(({ attributes }) => attributes["round"] === 0),
      );
      await receiver.waitFor(({ logs }) => logs.some(({ body }) => body === "early"));
      await receiver.waitFor(({ metrics }) => metrics.length > 0);
      await receiver.waitFor(({ events }) => events.length > 0);
      program.kill("SIGTERM");
      const { signal } = await program.ended;
      for (const part of PARTS) {
        const [failure = "", recovery = "", ...others] = linesOf(program, part);
        assert.match(failure, FAILURE);
        assert.match(recovery, /is loaded now$/);
        assert.deepEqual(others, []);
      }
      // SIGTERM has its effect, after a flush: the listeners are loaded by then.
      assert.equal(signal, "SIGTERM");
      await receiver.settled();
      const [earliest, ...rest] = receiver.spans.map(({ attributes }) => attributes["round"]);
      assert.equal(earliest, 0);
      assert.deepEqual(
        rest,
        rest.map((_, index) => index + 1),
      );
    });
  }
});

function linesOf({ stderr }: Program, part: string): readonly string[] {
  return stderr.split("\n").filter((line) => line.startsWith(`telltale: ${part} `));
}
