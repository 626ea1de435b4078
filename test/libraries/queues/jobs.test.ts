import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import type { ProgramResult } from "../../integration/program.ts";
import { runJob } from "./job-run.ts";
import { isMissedExecution } from "./missed-executions.ts";
import { jobRows } from "./rows.ts";

for (const row of jobRows) {
  const { installed, moduleSystem, node, named } = row;
  const name = named === "no" ? "cron * * * * * *" : "nightly-report";
  describe(`A job of ${installed}, ${moduleSystem}, Node ${node}, with the name ${name} (${named})`, function () {
    let receiver: Receiver;
    let bare: ProgramResult;
    let preloaded: ProgramResult;
    before(async () => {
      receiver = await startReceiver();
      [bare, preloaded] = await Promise.all([runJob(row), runJob(row, receiver)]);
      await receiver.settled();
    });
    after(() => receiver.close());

    it("has the same output as without the preload", () => {
      assert.deepEqual(seen(preloaded), seen(bare));
      assert.equal(preloaded.code, row.exitsOnFailure === true ? 1 : 0, preloaded.stderr);
    });

    it("has a separate trace for each run, which fails with the run", () => {
      const spans = receiver.spans.toSorted((a, b) =>
        BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1,
      );
      assert.deepEqual(
        spans.map(({ name, kind, parentSpanId, status }) => [
          name,
          kind,
          parentSpanId,
          status.code,
        ]),
        [
          [name, "INTERNAL", "", "UNSET"],
          [name, "INTERNAL", "", "ERROR"],
        ],
      );
      const schedule = row.scheduler === "timers" ? undefined : "* * * * * *";
      for (const { attributes } of spans) {
        assert.equal(attributes["telltale.job.name"], name);
        assert.equal(attributes["telltale.job.schedule"], schedule);
      }
      assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 2);
    });

    it("is reported as one event when it fails, with its name and its trace", () => {
      assert.deepEqual(
        receiver.events.map(({ exception, transaction, tags }) => [
          exception?.values?.at(-1)?.value,
          transaction,
          tags?.["job.name"],
        ]),
        [["no report today", name, name]],
      );
      const failed = receiver.spans.find(({ status }) => status.code === "ERROR");
      const trace = receiver.events[0]?.contexts?.["trace"]?.["trace_id"];
      assert.equal(trace, failed?.traceId);
    });

    it("has a duration metric", () => {
      const metric = receiver.metrics.findLast(({ name }) => name === "telltale.job.duration");
      const counts = metric?.points.map(({ attributes, count }) => [
        attributes["telltale.job.name"],
        attributes["error.type"] !== undefined,
        count,
      ]);
      assert.deepEqual(counts?.toSorted(), [
        [name, false, 1],
        [name, true, 1],
      ]);
    });

    it("has the time of its last success", () => {
      const metric = receiver.metrics.findLast(({ name }) => name === "telltale.job.last_success");
      const [point = assert.fail(), ...others] = metric?.points ?? [];
      assert.deepEqual([point.attributes, others], [{ "telltale.job.name": name }, []]);
      const [succeeded] = receiver.spans.filter(({ status }) => status.code !== "ERROR");
      const end = Number(BigInt(succeeded?.endTimeUnixNano ?? 0) / 1_000_000_000n);
      assert.ok(Math.abs(Number(point.value) - end) <= 1, `${point.value} ${end}`);
    });
  });
}

/**
 * Returns the output without timestamps, which node-cron prints, and without stack
 * frames of wrappers. Lines are unique, since node-cron 4.0 prints an error once or
 * twice, with and without the preload.
 */
function seen({ code, signal, stdout, stderr }: ProgramResult): object {
  const lines = stderr
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\[PID: \d+\]/g, "")
    .split("\n")
    .filter((line) => !/^\s+at /.test(line) || line.includes("/apps/"))
    .filter((line) => !isMissedExecution(line));
  return { code, signal, stdout, stderr: [...new Set(lines)] };
}
