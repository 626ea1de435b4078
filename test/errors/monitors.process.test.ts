import assert from "node:assert/strict";
import type { ReceivedCheckIn, ReceivedEvent } from "../../src/testing/received.ts";
import { type Receiver, startReceiver } from "../../src/testing/receiver.ts";
import { type BundledPrograms, bundlePrograms, type ProcessResult } from "./preload.ts";
import { eventText } from "./events.ts";

const monitorConfig = {
  schedule: { type: "crontab", value: "0 2 * * *" },
  checkin_margin: 5,
  max_runtime: 10,
  timezone: "Europe/Berlin",
  failure_issue_threshold: 2,
  recovery_threshold: 3,
};

/** Scenarios that print the same, and end alike, without the preload and without a DSN. */
const endings: readonly {
  readonly scenario: string;
  readonly stdout: string;
  readonly code: number;
  /** Statuses of the check-ins. */
  readonly statuses: readonly string[];
}[] = [
  { scenario: "exits", stdout: "", code: 3, statuses: ["in_progress"] },
  { scenario: "throws", stdout: "", code: 1, statuses: ["in_progress", "error"] },
  { scenario: "rejects", stdout: "", code: 1, statuses: ["in_progress", "error"] },
  {
    scenario: "handled",
    stdout: "2 true true\n",
    code: 0,
    statuses: ["in_progress", "error", "in_progress", "error"],
  },
  { scenario: "thenable", stdout: "lazily\n", code: 0, statuses: ["in_progress", "ok"] },
];

describe("Check-ins and feedback of a process", () => {
  let programs: BundledPrograms;
  let receiver: Receiver;
  before(async () => {
    [programs, receiver] = await Promise.all([bundlePrograms(["monitors.ts"]), startReceiver()]);
  });
  beforeEach(() => receiver.clear());
  after(() => Promise.all([programs.remove(), receiver.close()]));

  const run = async (scenario: string, env: Readonly<Record<string, string>> = {}) => {
    const ended = await programs.run("monitors.ts", {
      args: [scenario],
      env: { SENTRY_DSN: receiver.dsn, ...env },
    });
    await receiver.settled();
    return ended;
  };
  const runTraced = (scenario: string): Promise<ProcessResult> =>
    run(scenario, {
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    });
  const checkInsOf = (slug: string): readonly ReceivedCheckIn[] =>
    receiver.checkIns.filter(({ monitor_slug }) => monitor_slug === slug).toSorted(startsFirst);
  const eventOf = (text: string): ReceivedEvent =>
    receiver.events.find((event) => eventText(event) === text) ?? assert.fail(text);

  it("arrive if the process ends right after the calls", async () => {
    const { stdout } = await run("ends", { SENTRY_RELEASE: "shop@1", SENTRY_ENVIRONMENT: "test" });
    assert.equal(stdout, "returned\ntrue\n");
    assert.equal(receiver.checkIns.length, 5);
    const common = { environment: "test", release: "shop@1" };
    const [started, ended] = checkInsOf("sync");
    assert.deepEqual(started, {
      ...{ check_in_id: started?.check_in_id, monitor_slug: "sync", status: "in_progress" },
      ...common,
      monitor_config: monitorConfig,
    });
    assert.match(started?.check_in_id ?? "", /^[0-9a-f]{32}$/);
    assert.deepEqual(ended, { ...started, status: "ok", duration: ended?.duration });
    assert.ok(Number(ended?.duration) >= 0 && Number(ended?.duration) < 60, `${ended?.duration}`);
    const [first, last] = checkInsOf("by-hand");
    assert.deepEqual(last, {
      ...{ check_in_id: first?.check_in_id, monitor_slug: "by-hand", status: "error" },
      ...common,
      duration: 12.5,
    });
    const [heartbeat] = checkInsOf("heartbeat");
    const schedule = { type: "interval", value: 5, unit: "minute" };
    assert.deepEqual(heartbeat?.monitor_config, { schedule });
    for (const { envelope } of receiver.items) assert.equal(envelope["trace"], undefined);
  });

  it("are feedback with its event, data and attachments", async () => {
    await run("ends");
    const [feedback] = receiver.feedback;
    assert.equal(receiver.feedback.length, 1);
    assert.deepEqual(feedback?.contexts?.["feedback"], {
      ...{ message: "It is broken", name: "Anna", contact_email: "anna@example.com" },
      ...{ url: "https://shop.example/cart", source: "form" },
      associated_event_id: eventOf("broken").event_id,
    });
    const { level, tags, environment, contexts } = feedback;
    assert.deepEqual([level, tags, environment], ["warning", { page: "cart" }, "production"]);
    assert.equal(contexts?.["trace"], undefined);
    const attachment = receiver.items.find(({ type }) => type === "attachment");
    assert.equal(attachment?.payload, "text");
    assert.equal(attachment.envelope["event_id"], feedback.event_id);
  });

  for (const { scenario, stdout, code, statuses } of endings) {
    it(`leave an app that ${scenario} as it is`, async () => {
      const bare = await programs.run("monitors.ts", { args: [scenario], bare: true });
      const withoutDsn = await programs.run("monitors.ts", { args: [scenario] });
      const ended = await run(scenario);
      for (const result of [bare, withoutDsn, ended]) {
        assert.deepEqual([result.code, result.stdout], [code, stdout]);
        assert.equal(headOf(result), headOf(bare));
      }
      assert.deepEqual(
        receiver.checkIns.map(({ status }) => status).toSorted(),
        statuses.toSorted(),
      );
    });
  }

  it("have the trace of their request, which is exported, and a scope of their own", async () => {
    await runTraced("requests");
    assert.equal(receiver.checkIns.length, 4);
    for (const path of ["/1", "/2"]) {
      const inside = eventOf(`in ${path}`);
      const outside = eventOf(`after ${path}`);
      const trace = inside.contexts?.["trace"];
      assert.deepEqual([inside.tags?.["run"], inside.user?.["id"]], [path, path]);
      assert.deepEqual([outside.tags?.["run"], outside.user], [undefined, undefined]);
      const span = receiver.spans.find(({ traceId }) => traceId === trace?.["trace_id"]);
      assert.equal(span?.attributes["url.path"], path);
      const ofTrace = receiver.checkIns.filter(
        ({ contexts }) => contexts?.["trace"]?.["trace_id"] === trace?.["trace_id"],
      );
      assert.deepEqual(
        ofTrace.toSorted(startsFirst).map(({ status }) => status),
        ["in_progress", "ok"],
      );
      assert.equal(new Set(ofTrace.map(({ check_in_id: id }) => id)).size, 1);
      const feedback = receiver.feedback.find(
        ({ contexts }) => contexts?.["feedback"]?.["message"] === `from ${path}`,
      );
      assert.equal(feedback?.contexts?.["trace"]?.["trace_id"], trace?.["trace_id"]);
      assert.equal(span?.attributes["sentry.event_id"], outside.event_id);
    }
  });

  it("have a trace for each run with isolateTrace", async () => {
    await runTraced("isolates");
    assert.equal(receiver.checkIns.length, 6);
    const roots = receiver.spans.filter(({ parentSpanId }) => parentSpanId === "");
    assert.deepEqual(roots.map(({ name, status }) => `${name} ${status.code}`).toSorted(), [
      "isolated ERROR",
      "isolated UNSET",
      "isolated UNSET",
    ]);
    for (const { traceId, status } of roots) {
      const ofTrace = receiver.checkIns.filter(
        ({ contexts }) => contexts?.["trace"]?.["trace_id"] === traceId,
      );
      assert.deepEqual(
        ofTrace.toSorted(startsFirst).map((checkIn) => checkIn.status),
        ["in_progress", status.code === "ERROR" ? "error" : "ok"],
      );
    }
  });
});

/** Returns stderr up to the frame where an error was created. The app's stack has the function that it called. */
function headOf({ stderr }: ProcessResult): string {
  return stderr.slice(0, stderr.indexOf("\n", stderr.indexOf("    at ")));
}

function startsFirst(a: ReceivedCheckIn, b: ReceivedCheckIn): number {
  return Number(b.status === "in_progress") - Number(a.status === "in_progress");
}
