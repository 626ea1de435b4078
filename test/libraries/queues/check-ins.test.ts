import assert from "node:assert/strict";
import type { ReceivedCheckIn } from "../../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { type ProgramResult, preload, Program, telemetryEnv } from "../../integration/program.ts";
import { programOrSkip } from "../../programs.ts";
import { type Redis, startRedis } from "../servers/redis.ts";

const index = new URL("../../../dist/index.js", import.meta.url).href;

const schedulers = [
  { kind: "node-cron", packages: ["node-cron", "node-cron3"] },
  { kind: "node-cron 4.0", packages: ["node-cron40"] },
  { kind: "croner", packages: ["croner", "croner9", "croner8"] },
];

/** What the runs of one monitor sent, by the id of the check-in. */
type Runs = readonly (readonly ReceivedCheckIn[])[];

function runsOf({ checkIns }: Receiver, slug: string): Runs {
  const ofSlug = checkIns.filter(({ monitor_slug: found }) => found === slug);
  const ids = new Set(ofSlug.map(({ check_in_id: id }) => id));
  return [...ids].map((id) =>
    ofSlug.filter(({ check_in_id: found }) => found === id).toSorted(startsFirst),
  );
}

function startsFirst(a: ReceivedCheckIn, b: ReceivedCheckIn): number {
  return Number(b.status === "in_progress") - Number(a.status === "in_progress");
}

function assertRuns(receiver: Receiver, slug: string, end: string, config: object): void {
  const runs = runsOf(receiver, slug);
  // node-cron 4.0 may start a job twice.
  assert.ok(runs.length > 0, `${slug} has no check-ins`);
  for (const run of runs) {
    assert.deepEqual(
      run.map(({ status }) => status),
      ["in_progress", end],
    );
    const traces = run.map(({ contexts }) => contexts?.["trace"]?.["trace_id"]);
    assert.ok(
      receiver.spans.some(({ traceId }) => traceId === traces[0]),
      `the trace of ${slug} is missing`,
    );
    assert.partialDeepStrictEqual(run[1]?.monitor_config, config);
    assert.deepEqual(run[0]?.monitor_config, run[1]?.monitor_config);
  }
}

describe("The check-ins of jobs of", function () {
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
  });
  beforeEach(() => receiver.clear());
  after(() => receiver.close());

  const run = async (
    kind: string,
    installed: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramResult & { readonly lines: readonly string[] }> => {
    const program = new Program({
      flags: preload.import,
      file: new URL("apps/check-ins.cjs", import.meta.url).pathname,
      args: [kind, installed],
      env: {
        ...telemetryEnv(receiver),
        TELLTALE: index,
        TELLTALE_CRON_CHECK_INS: "true",
        OTEL_TRACES_SAMPLER: "traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0",
        ...env,
      },
    });
    const ended = await program.ended;
    await receiver.settled();
    const lines = ended.stderr.split("\n").filter((line) => line.startsWith("telltale: "));
    return { ...ended, lines: lines.toSorted() };
  };

  for (const { kind, packages } of schedulers) {
    for (const installed of packages) {
      it(`${installed} have its schedule, and end with the job or the process`, async () => {
        const { code, lines, stderr } = await run(kind, installed);
        assert.equal(code, 4, stderr);
        const config = {
          schedule: { type: "crontab", value: "* * * * *" },
          timezone: "Asia/Tokyo",
        };
        assertRuns(receiver, "fine-report", "ok", config);
        assertRuns(receiver, "fails", "error", config);
        assertRuns(receiver, "wrapped", "ok", config);
        assertRuns(receiver, "dies", "error", config);
        const slugs = new Set(receiver.checkIns.map(({ monitor_slug: slug }) => slug));
        assert.deepEqual(slugs, new Set(["fine-report", "fails", "wrapped", "dies"]));
        assert.equal(lines.length, 2, stderr);
        assert.match(lines[0] ?? "", /"cron \d+ \* \* \* \* \*" has no check-ins: it has no name/);
        assert.match(lines[1] ?? "", /"each-second" has no check-ins: it starts more than once/);
      });
    }
  }

  it("a scheduler are not sent without TELLTALE_CRON_CHECK_INS", async () => {
    const { code, lines } = await run("croner", "croner", { TELLTALE_CRON_CHECK_INS: "" });
    assert.equal(code, 4);
    assert.deepEqual(receiver.checkIns, []);
    assert.deepEqual(lines, []);
  });

  it("a scheduler are sent by the app's own Sentry, one for each of two overlapping runs", async () => {
    const { code, lines, stderr } = await run("own Sentry", "croner");
    assert.equal(code, 0, stderr);
    assert.equal(lines.length, 1, stderr);
    const schedule = { type: "crontab", value: "0 2 * * *" };
    assertRuns(receiver, "fine", "ok", { schedule, timezone: "Asia/Tokyo" });
    assertRuns(receiver, "fails", "error", { schedule, timezone: "Asia/Tokyo" });
    assert.equal(receiver.checkIns.length, 8);
    const environments = receiver.checkIns.map(({ environment }) => environment);
    assert.deepEqual(new Set(environments), new Set(["of the app"]));
  });

  describe("BullMQ", () => {
    let redis: Redis | undefined;
    before(async function () {
      programOrSkip(this, "redis-server");
      redis = await startRedis();
    });
    after(() => redis?.stop());

    for (const installed of ["bullmq", "bullmq5"]) {
      it(`have the schedule of the job scheduler, and one check-in for all attempts (${installed})`, async () => {
        const { code, lines, stderr } = await run("bullmq", installed, {
          BROKER: redis?.url ?? "",
        });
        assert.equal(code, 0, stderr);
        assert.deepEqual(lines, []);
        const hourly = { schedule: { type: "interval", value: 1, unit: "hour" } };
        assertRuns(receiver, "reports-hourly", "ok", hourly);
        const schedule = { type: "crontab", value: "0 2 * * *" };
        assertRuns(receiver, "reports-nightly", "ok", { schedule, timezone: "Asia/Tokyo" });
        assertRuns(receiver, "reports-fails", "error", {});
        assert.equal(receiver.checkIns.length, 6);
        const [[, ended] = []] = runsOf(receiver, "reports-nightly");
        assert.equal(ended?.duration, undefined);
        assert.ok(Number(runsOf(receiver, "reports-hourly")[0]?.[1]?.duration) >= 0);
      });
    }
  });
});
