import assert from "node:assert/strict";
import { Session } from "node:inspector";
import { setImmediate } from "node:timers/promises";
import { UnitOfWork } from "../../../src/context/unit-of-work.ts";
import type { ArrivingWork } from "../../../src/context/unit-views.ts";
import { RequestProfiler } from "../../../src/development/profiles/request-profiler.ts";
import { viewerAttributesOf } from "../../../src/development/span-data.ts";
import { NonRecordingSpan } from "../../../src/traces/non-recording-span.ts";
import { pollUntilTrue } from "../../until.ts";
import { plantedAllocation, plantedHot } from "../../viewer/profiles/planted.ts";
import { type ProfileReceiver, startProfileReceiver } from "./profile-receiver.ts";

const PROFILED: ArrivingWork = { method: "GET", url: "/orders/7?a=1&telltale=profile" };
const PLAIN: ArrivingWork = { method: "GET", url: "/orders/7" };

describe("The profile of a request", () => {
  let receiver: ProfileReceiver;
  let warnings: string[];
  before(async () => {
    receiver = await startProfileReceiver();
  });
  after(() => receiver.close());

  /** The number of profiles before a test. */
  let count = 0;
  beforeEach(() => {
    warnings = [];
  });

  function createProfiler(maxRecordingMs?: number, viewerUrl = receiver.url): RequestProfiler {
    return new RequestProfiler({
      viewerUrl,
      service: "warehouse",
      diagnostics: { warn: (_key, message) => warnings.push(message) },
      ...(maxRecordingMs !== undefined && { maxRecordingMs }),
    });
  }

  const next = async (): ReturnType<ProfileReceiver["profiles"]> => {
    const all = await receiver.profiles(count + 1);
    return all.slice(count++);
  };

  const ASKING: readonly (readonly [string, ArrivingWork, "cpu" | "allocation"])[] = [
    ["?telltale=profile", PROFILED, "cpu"],
    ["?telltale=allocations", { method: "GET", url: "/?telltale=allocations" }, "allocation"],
    [
      "the header",
      { method: "GET", url: "/", rawHeaders: ["Host", "a", "X-Telltale-Profile", "cpu"] },
      "cpu",
    ],
    [
      "the header over HTTP/2",
      { method: "GET", url: "/", headers: { "x-telltale-profile": "allocation" } },
      "allocation",
    ],
  ];
  for (const [what, work, kind] of ASKING) {
    it(`is recorded and sent with its ids for ${what}`, async () => {
      const profiler = createProfiler();
      const unit = start(profiler, work);
      if (kind === "cpu") plantedHot(performance.now() + 100);
      else plantedAllocation(10_000);
      unit.end();
      const [{ path, meta, content }] = (await next()) as [Received];
      assert.equal(path, "/agent/profiles");
      const { start: startedAt, durationMs, ...rest } = meta;
      assert.deepEqual(rest, {
        kind,
        traceId: unit.span!.spanContext().traceId,
        spanId: unit.span!.spanContext().spanId,
        service: "warehouse",
        name: "GET /orders/:id",
        overlapping: 0,
        isCut: false,
        samples: content.profile.samples.length,
      });
      assert.ok(Math.abs(Number(startedAt) - Date.now()) < 120_000);
      assert.ok(Number(durationMs) > 0);
      const planted = kind === "cpu" ? "plantedHot" : "plantedAllocation";
      assert.match(JSON.stringify(content.profile), new RegExp(planted));
      assert.deepEqual(warnings, []);
    });
  }

  const NOT_ASKING: readonly ArrivingWork[] = [
    PLAIN,
    { method: "GET", url: "/?telltale=constructor" },
    { method: "GET", url: "/?nottelltale=profile" },
    { method: "GET", url: "/telltale=profile" },
    { method: "GET", url: "/", rawHeaders: ["x-telltale-profile", "no"] },
    { method: "GET", url: undefined },
  ];
  it("is not recorded where no request asks for one", async () => {
    const profiler = createProfiler();
    for (const work of NOT_ASKING) start(profiler, work).end();
    start(profiler, { method: "GET", url: "/last?telltale=profile" }).end();
    await setImmediate();
    const received = await next();
    assert.equal(received.length, 1);
  });

  it("has the number of other requests that were in progress", async () => {
    const profiler = createProfiler();
    const before = start(profiler, PLAIN);
    start(profiler, PLAIN).end();
    const profiled = start(profiler, PROFILED);
    const during = start(profiler, PLAIN);
    before.end();
    profiled.end();
    await setImmediate();
    during.end();
    const [received] = await next();
    assert.equal(received?.meta["overlapping"], 2);
  });

  it("is recorded once at a time, and the span of another request has the reason", async () => {
    const profiler = createProfiler();
    const first = start(profiler, PROFILED);
    const second = start(profiler, PROFILED);
    const third = start(profiler, PLAIN);
    for (const unit of [first, second, third]) unit.end();
    const [received] = await next();
    assert.equal(received?.meta["spanId"], first.span?.spanContext().spanId);
    assert.deepEqual(viewerAttributesOf(second.span!), [
      "telltale.profile.skipped",
      "another profile is being recorded",
    ]);
    assert.equal(viewerAttributesOf(first.span!), undefined);
    assert.equal(viewerAttributesOf(third.span!), undefined);
  });

  it("ends at the limit of time, though its request goes on", async () => {
    const profiler = createProfiler(50);
    const unit = start(profiler, PROFILED);
    const [received] = await next();
    assert.equal(received?.meta["isCut"], true);
    unit.end();
    start(profiler, PROFILED).end();
    const [second] = await next();
    assert.equal(second?.meta["isCut"], false);
  });

  it("leaves an own profile of the app's allocations alone", async () => {
    const session = new Session();
    session.connect();
    session.post("HeapProfiler.startSampling");
    const unit = start(createProfiler(), { url: "/?telltale=allocations", method: "GET" });
    unit.end();
    await setImmediate();
    let own: object | undefined;
    session.post("HeapProfiler.stopSampling", (_error, result) => (own = result));
    session.disconnect();
    assert.ok(own !== undefined);
    assert.deepEqual(viewerAttributesOf(unit.span!), [
      "telltale.profile.skipped",
      "the app records a profile of its allocations itself",
    ]);
  });

  it("leaves an own CPU profile of the app alone", async () => {
    const session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.start");
    start(createProfiler(), PROFILED).end();
    await next();
    let samples = 0;
    session.post("Profiler.stop", (error, result) => {
      assert.equal(error, null);
      samples = result.profile.samples?.length ?? 0;
    });
    session.disconnect();
    assert.ok(samples > 0);
  });

  it("is that of the next request of a route, though others have a path that fits", async () => {
    const profiler = createProfiler();
    assert.equal(profiler.addCommand({ kind: "cpu", name: "GET /orders/:id" }), true);
    start(profiler, { method: "POST", url: "/orders/7" }).end();
    start(profiler, { method: "GET", url: "/orders" }).end();
    const other = start(profiler, { method: "GET", url: "/orders/new" }, "/orders/new");
    other.end();
    await setImmediate();
    const meant = start(profiler, PLAIN);
    meant.end();
    await setImmediate();
    start(profiler, PLAIN).end();
    start(profiler, PROFILED).end();
    const all = await receiver.profiles(count + 2);
    const ids = all.slice(count).map(({ meta }) => meta["spanId"]);
    count = all.length;
    assert.equal(ids.length, 2);
    assert.ok(ids.includes(meant.span!.spanContext().spanId));
  });

  it("is that of the next job of a name", async () => {
    const profiler = createProfiler();
    profiler.addCommand({ kind: "allocation", name: "prices" });
    start(profiler, { name: "stock" }).end();
    const job = start(profiler, { name: "prices" }, "prices");
    job.end();
    const [received] = await next();
    assert.equal(received?.meta["spanId"], job.span?.spanContext().spanId);
    assert.equal(received?.meta["kind"], "allocation");
  });

  const NO_COMMANDS: readonly unknown[] = [undefined, null, 3, "cpu", {}, { kind: "heap" }];
  for (const command of NO_COMMANDS) {
    it(`is not that of the command ${JSON.stringify(command)}`, () => {
      assert.equal(createProfiler().addCommand(command), false);
    });
  }

  it("causes one warning where the viewer can't be reached", async () => {
    const gone = await startProfileReceiver();
    await gone.close();
    start(createProfiler(undefined, gone.url), PROFILED).end();
    await pollUntilTrue(() => warnings.length > 0, "a warning");
    assert.match(warnings[0]!, /^a profile could not be sent: /);
  });

  it("causes one warning where the viewer refuses it", async () => {
    const refusing = await startProfileReceiver(403);
    start(createProfiler(undefined, refusing.url), PROFILED).end();
    await pollUntilTrue(() => warnings.length > 0, "a warning");
    assert.deepEqual(warnings, ["a profile could not be sent: the viewer answered 403"]);
    await refusing.close();
  });
});

type Received = Awaited<ReturnType<ProfileReceiver["profiles"]>>[number];

let lastId = 0;

/** Starts a unit of work as the instrumentation of HTTP and of jobs does. */
function start(
  profiler: RequestProfiler,
  work: ArrivingWork,
  route: string = "/orders/:id",
): UnitOfWork {
  profiler.arriving(work);
  const unit = new UnitOfWork();
  unit.method = work.method;
  unit.route = route;
  if (work.name !== undefined) unit.jobInfo = () => ({ name: work.name! });
  unit.span = new NonRecordingSpan({
    traceId: "1".repeat(32),
    spanId: String(++lastId).padStart(16, "0"),
    traceFlags: 1,
  });
  profiler.started(unit);
  unit.onEnded(() => profiler.ended());
  return unit;
}
