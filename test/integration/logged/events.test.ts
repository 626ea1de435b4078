import assert from "node:assert/strict";
import { eventText } from "../../errors/events.ts";
import { type LoggedRun, runApp } from "./run.ts";

/** The events by the text of their error, with the kind of capture. */
function eventsOf({ events }: LoggedRun): Record<string, readonly string[]> {
  const byText: Record<string, string[]> = {};
  for (const event of events) {
    const { mechanism } = event.exception?.values?.at(-1) ?? {};
    (byText[eventText(event) ?? ""] ??= []).push(String(mechanism?.["type"]));
  }
  return byText;
}

const LOGGED = ["auto.log.winston"];
const CAPTURED = ["generic"];

const always: Readonly<Record<string, readonly string[]>> = {
  "log, capture": LOGGED,
  "capture, log": CAPTURED,
  "log, throw": LOGGED,
  "log, reject": LOGGED,
  "log, log": LOGGED,
  "log in a scope, throw": LOGGED,
  "log, wrap, throw": LOGGED,
  "wrapped: log, wrap, throw": LOGGED,
  "transport with a message": LOGGED,
  "transport alone": CAPTURED,
  child: LOGGED,
  frozen: LOGGED,
  job: LOGGED,
  shared: [...LOGGED, ...LOGGED],
  outside: LOGGED,
  fatal: LOGGED,
};

/** Without events of lines; the transport for Sentry captures what it makes of lines. */
const withoutLines: Readonly<Record<string, readonly string[]>> = {
  "log, capture": CAPTURED,
  "capture, log": CAPTURED,
  "log, throw": ["auto.http.server"],
  "log, reject": ["auto.http.server"],
  "log, log": CAPTURED,
  "log in a scope, throw": ["auto.http.server"],
  "wrapped: log, wrap, throw": ["auto.http.server"],
  "failed transport with a message": CAPTURED,
  "transport alone": CAPTURED,
  child: CAPTURED,
  frozen: CAPTURED,
  job: ["auto.job"],
  outside: CAPTURED,
};

const modes: readonly (readonly [string, Record<string, string>, readonly string[], unknown])[] = [
  ["of lines", {}, [], always],
  ["of lines, without log records", { OTEL_LOGS_EXPORTER: "none" }, [], always],
  ["of lines, without breadcrumbs", { TELLTALE_BREADCRUMBS: "none" }, [], always],
  ["of lines of a process that a rejection ends", {}, ["rejection"], always],
  ["of lines of a process that an exception ends", {}, ["exception"], always],
  ["of lines, with filters that log", {}, ["filter"], always],
  ["of lines, with Sentry's debug output", { SENTRY_DEBUG: "true" }, [], always],
];

describe("An error that is logged", () => {
  for (const [mode, env, args, expected] of modes) {
    it(`is one event, whatever else it passes: ${mode}`, async () => {
      const run = await runApp("events.mjs", env, args);
      const isFatal = args.includes("rejection") || args.includes("exception");
      assert.equal(run.ended.code, isFatal ? 1 : 0, run.ended.stderr.slice(0, 2000));
      assert.deepEqual(eventsOf(run), expected);
    });
  }

  it("is none with TELLTALE_LOG_EVENTS=false", async () => {
    const run = await runApp("events.mjs", { TELLTALE_LOG_EVENTS: "false" });
    assert.deepEqual(eventsOf(run), withoutLines);
  });

  it("has the route, the trace and the request of its line", async () => {
    const run = await runApp("events.mjs");
    const event = run.events.find((one) => eventText(one) === "log, throw");
    assert.equal(event?.["transaction"], "GET /log%2C%20throw");
    assert.equal(event["logger"], "winston");
    assert.deepEqual(event.contexts?.["log"], { message: "failed" });
    const line = run.logs.find(
      ({ attributes }) => attributes["sentry.event_id"] === event.event_id,
    );
    assert.equal(line?.body, "failed");
    assert.equal(line.traceId, event.contexts?.["trace"]?.["trace_id"]);
    assert.equal(line.attributes["telltale.request.id"], event.tags?.["request_id"]);
  });
});
