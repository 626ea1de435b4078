import assert from "node:assert/strict";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { CheckIn, MonitorConfig } from "../../../src/api.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import type { JobInfo } from "../../../src/context/job.ts";
import { activeErrorSlot } from "../../../src/context/unit-access.ts";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import { Diagnostics } from "../../../src/diagnostics/diagnostics.ts";
import type { JobOutcome } from "../../../src/errors/api.ts";
import { CronCheckIns } from "../../../src/errors/monitors/cron-check-ins.ts";

class JobUnit extends UnitOfWork {
  readonly #job: JobInfo;

  constructor(job: JobInfo) {
    super();
    this.#job = job;
  }

  override jobInfo(): JobInfo {
    return this.#job;
  }
}

const recurrence = { pattern: "0 2 * * *", timezone: "UTC" };
const config = { schedule: { type: "crontab", value: "0 2 * * *" }, timezone: "UTC" };
const report: JobInfo = { name: "Nightly report", recurrence };
const queued: JobInfo = {
  name: "nightly",
  queue: "reports",
  recurrence: { ...recurrence, runId: "repeat:nightly:1000 999" },
};

interface Fixture {
  readonly checkIns: CronCheckIns;
  readonly sent: (CheckIn & { readonly config: MonitorConfig })[];
  readonly lines: string[];
  run(job: JobInfo, outcome?: JobOutcome): void;
}

function createFixture(env: Readonly<Record<string, string>> = {}): Fixture {
  const sent: Fixture["sent"] = [];
  const lines: string[] = [];
  let ids = 0;
  const checkIns = new CronCheckIns({
    config: parseConfig(new Map(Object.entries(env))).config.errors,
    resource: resourceFromAttributes({ "service.name": "shop" }),
    diagnostics: new Diagnostics("info", (line) => lines.push(line)),
    capture(checkIn, settings) {
      assert.ok(activeErrorSlot() instanceof JobUnit);
      sent.push({ ...checkIn, config: settings });
      return checkIn.checkInId ?? `id-${++ids}`;
    },
  });
  const run = (job: JobInfo, outcome: JobOutcome = "succeeded"): void =>
    checkIns.start(new JobUnit(job))?.end(outcome);
  return { checkIns, sent, lines, run };
}

describe("The check-ins of a scheduled job", () => {
  for (const [outcome, status] of [
    ["succeeded", "ok"],
    ["failed", "error"],
    ["interrupted", "error"],
  ] as const) {
    it(`end with ${status} if it ${outcome}`, () => {
      const { run, sent } = createFixture();
      run(report, outcome);
      const [started, ended] = sent;
      assert.deepEqual(started, { monitorSlug: "nightly-report", status: "in_progress", config });
      assert.partialDeepStrictEqual(ended, {
        ...{ monitorSlug: "nightly-report", status, checkInId: "id-1", config },
      });
      assert.equal(sent.length, 2);
      assert.ok(Number((ended as { duration?: number }).duration) >= 0);
    });
  }

  it("have an id for each of two overlapping runs", () => {
    const { checkIns, sent } = createFixture();
    const [first, second] = [1, 2].map(() => checkIns.start(new JobUnit(report)));
    second?.end("failed");
    first?.end("succeeded");
    assert.deepEqual(
      sent.map(({ status, checkInId }) => [status, checkInId]),
      [
        ["in_progress", undefined],
        ["in_progress", undefined],
        ["error", "id-2"],
        ["ok", "id-1"],
      ],
    );
  });

  it("are one for all attempts of a job of a queue, from any process", () => {
    const attempts = [1, 2].map((attempt) => ({ ...queued, attempt }));
    const [first, second] = [createFixture(), createFixture()];
    first.run(attempts[0] ?? queued, "retried");
    second.run(attempts[1] ?? queued, "failed");
    assert.deepEqual(
      first.sent.map(({ status }) => status),
      ["in_progress"],
    );
    const [started, ended] = [...first.sent, ...second.sent];
    assert.match(started?.checkInId ?? "", /^[0-9a-f]{32}$/);
    assert.deepEqual(ended, { ...started, status: "error" });
    assert.equal(started?.monitorSlug, "reports-nightly");
  });

  it("stay open for a job of a queue that the end of the process interrupts", () => {
    const { run, sent } = createFixture();
    run(queued, "interrupted");
    assert.equal(sent.length, 1);
  });

  it("have ids of their own in other environments, projects and runs", () => {
    const ids = [
      [{}, queued],
      [{ SENTRY_ENVIRONMENT: "staging" }, queued],
      [{ SENTRY_DSN: "https://key@sentry.example/2" }, queued],
      [{}, { ...queued, queue: "other" }],
      [{}, { ...queued, recurrence: { ...recurrence, runId: "repeat:nightly:2000 999" } }],
    ] as const;
    const found = ids.map(([env, job]) => {
      const { run, sent } = createFixture(env);
      run(job);
      return sent[0]?.checkInId;
    });
    assert.equal(new Set(found).size, ids.length);
  });

  for (const [title, job, line] of [
    [
      "without a name",
      { ...report, name: "cron 0 2 * * *", isUnnamed: true },
      '"cron 0 2 * * *" has no check-ins: it has no name; set the option `name` of its schedule, or wrap its function in job()',
    ],
    [
      "whose schedule Sentry can't read",
      { ...report, recurrence: { pattern: "* * * * * *" } },
      '"Nightly report" has no check-ins: it starts more than once a minute',
    ],
    [
      "whose name has no letters",
      { ...report, name: "123" },
      '"123" has no check-ins: its name has no letter that the name of a monitor can have',
    ],
  ] as const) {
    it(`are not sent for a job ${title}, which is logged once`, () => {
      const { run, sent, lines } = createFixture();
      run(job);
      run(job);
      assert.deepEqual(sent, []);
      assert.deepEqual(lines, [`telltale: ${line}\n`]);
    });
  }

  it("are not sent for a job whose monitor would be that of another one", () => {
    const { run, sent, lines } = createFixture();
    run(report);
    run({ ...report, name: "nightly: report" });
    run({ ...report, recurrence: { ...recurrence, pattern: "0 3 * * *" } });
    assert.equal(sent.length, 4);
    assert.deepEqual(lines, [
      'telltale: "nightly: report" has no check-ins: its monitor would be nightly-report, which is that of "Nightly report"\n',
    ]);
  });

  it("have no more than a hundred monitors, also for generated names", () => {
    const { run, sent, lines } = createFixture();
    for (let tenant = 0; tenant < 150; tenant++)
      run({ ...report, name: `tenant-x${String.fromCodePoint(97 + (tenant % 26))}${tenant}` });
    assert.equal(sent.length, 200);
    assert.equal(lines.length, 50);
    assert.match(lines[0] ?? "", /has no check-ins: the process has 100 monitors already/);
    const generated = createFixture();
    for (const end of ["1", "2"])
      generated.run({ ...report, name: `sync 7d9f4a1e-6f1c-4c52-9d1e-3b8a5c2f7e0${end}` });
    assert.deepEqual(
      new Set(generated.sent.map(({ monitorSlug }) => monitorSlug)),
      new Set(["sync"]),
    );
  });
});
