import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../program.ts";

interface Report {
  readonly thrown: readonly string[];
  readonly rejected: readonly string[];
  readonly count: number;
  readonly observations: number;
  readonly functions: number;
}

const file = fileURLToPath(new URL("apps/misuse.mjs", import.meta.url));

/** Specification, error-handling.md: "API methods MUST NOT throw unhandled exceptions when used incorrectly". */
describe("The API, called with invalid values of every kind for every argument", () => {
  let receiver: Receiver;
  let ended: ProgramResult;
  let report: Report;
  let bare: Report;

  before(async () => {
    receiver = await startReceiver();
    bare = reportOf(await new Program({ file }).ended);
    const env = {
      ...telemetryEnv(receiver),
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_METRICS_EXEMPLAR_FILTER: "always_on",
      // A parent with invalid flags is not sampled.
      OTEL_TRACES_SAMPLER: "always_on",
      OTEL_BSP_MAX_QUEUE_SIZE: "100000",
      OTEL_BLRP_MAX_QUEUE_SIZE: "100000",
    };
    ended = await new Program({ file, flags: preload.import, env }).ended;
    report = reportOf(ended);
    await receiver.settled();
  });
  after(() => receiver.close());

  it("throws only what it throws without the preload", () => {
    const own = new Set(bare.thrown);
    assert.deepEqual(
      report.thrown.filter((call) => !own.has(call)),
      [],
    );
    assert.deepEqual(report.rejected, []);
  });

  it("is called in thousands of ways", () => {
    assert.ok(report.functions > 100, `${report.functions} functions`);
    assert.ok(report.count > 4000, `${report.count} calls`);
    assert.ok(report.observations > 0, "callbacks ran");
  });

  it("loses no span, value or record of the valid calls in between", () => {
    const spans = receiver.spans.filter(({ name }) => name === "inside");
    const records = receiver.logs.filter(({ body }) => body === "inside");
    assert.ok(spans.length > 100, `${spans.length} spans`);
    assert.equal(records.length, spans.length);
    for (const name of ["inside.counter", "inside.histogram"]) {
      const points = receiver.metrics.findLast((metric) => metric.name === name)?.points ?? [];
      // And once at the end, as "after".
      assert.equal(points[0]?.value ?? points[0]?.count, spans.length + 1, name);
    }
  });

  it("keeps working", () => {
    assert.equal(receiver.spans.filter(({ name }) => name === "after").length, 1);
    assert.equal(receiver.logs.filter(({ body }) => body === "after").length, 1);
    assert.doesNotMatch(ended.stderr, /could not be/);
    assert.equal(ended.code, 0);
  });
});

function reportOf({ stdout, stderr }: ProgramResult): Report {
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    throw new Error(`no report: ${stdout}\n${stderr}`);
  }
}
