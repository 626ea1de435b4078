import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePort } from "../../free-port.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../program.ts";

const file = fileURLToPath(new URL("apps/flush.mjs", import.meta.url));
const signals = ["traces", "metrics", "logs"] as const;

/** Returns the names of the received items of a signal. */
function namesOf(receiver: Receiver): Record<(typeof signals)[number], readonly unknown[]> {
  const made = ["before", "after", "late", "other"];
  return {
    traces: receiver.spans.map(({ name }) => name).filter((name) => made.includes(name)),
    metrics: receiver.metrics.map(({ name }) => name).filter((name) => made.includes(name)),
    logs: receiver.logs
      .map(({ body }) => body)
      .filter((body) => made.some((name) => name === body)),
  };
}

function start(args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const own = { OTEL_METRICS_EXPORTER: "prometheus,otlp", OTEL_METRIC_EXPORT_INTERVAL: "600000" };
  return new Program({ file, args, flags: preload.import, env: { ...env, ...own } });
}

describe("The providers behind the API", () => {
  let receiver: Receiver;

  before(async () => {
    receiver = await startReceiver();
  });
  after(() => receiver.close());
  beforeEach(() => receiver.clear());

  for (const signal of signals) {
    it(`have sent all ${signal} when forceFlush resolves`, async () => {
      const program = start([signal, "forceFlush", "wait"], telemetryEnv(receiver));
      await program.waitForStdout((stdout) => /^flushed/.exec(stdout));
      assert.ok(namesOf(receiver)[signal].includes("before"));
      program.kill("SIGKILL");
      await program.ended;
    });

    it(`continue with ${signal} after forceFlush`, async () => {
      const { code, stderr } = await start([signal, "forceFlush"], telemetryEnv(receiver)).ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      await receiver.settled();
      const names = new Set(namesOf(receiver)[signal]);
      assert.deepEqual(names, new Set(["before", "after", "late"]));
    });

    it(`send no ${signal} after a shutdown, and all other signals`, async () => {
      const { code, stdout, stderr } = await start([signal, "shutdown"], telemetryEnv(receiver))
        .ended;
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      await receiver.settled();
      for (const [other, names] of Object.entries(namesOf(receiver))) {
        assert.deepEqual(names, [other === signal ? "before" : "other"], other);
      }
      assert.match(stdout, signal === "traces" ? /recording false/ : /recording true/);
    });

    it(`resolve within the limit without a collector, for ${signal}`, async () => {
      const outage = `http://127.0.0.1:${await freePort()}`;
      const env = {
        ...telemetryEnv(receiver),
        OTEL_EXPORTER_OTLP_ENDPOINT: outage,
        LIMIT_MS: "300",
      };
      for (const method of ["forceFlush", "shutdown"]) {
        const limits = { ...env, TELLTALE_FLUSH_TIMEOUT: "100" };
        const { code, stdout, stderr }: ProgramResult = await start([signal, method], limits).ended;
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^flushed/);
        assert.doesNotMatch(stderr, /unhandled|UnhandledPromise/i);
      }
    });
  }
});
