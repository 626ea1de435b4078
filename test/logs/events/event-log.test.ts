import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../../src/context/context.ts";
import { activeLogContext } from "../../../src/logs/correlation.ts";
import { EventLog } from "../../../src/logs/events/event-log.ts";
import type { LogEvent } from "../../../src/logs/events/log-event.ts";
import { TelltaleLoggerProvider } from "../../../src/logs/logger.ts";
import { resource } from "../../export/telemetry.ts";
import { redactor } from "../../redaction/default-redactor.ts";
import { collectRecords, inRequest, logIdsOf } from "../requests.ts";

const event: LogEvent = {
  name: "telltale.sold",
  level: "warn",
  message: "sold password=hunter2!",
  time: Date.UTC(2026, 10, 30, 8, 0, 0, 250),
  attributes: {},
};

/** Returns the line of an event in a request. */
function lineOf(attributes: LogEvent["attributes"]): Record<string, unknown> {
  const lines: string[] = [];
  const log = new EventLog(collectRecords().provider, { name: "shop" });
  inRequest(1, () =>
    log.write({ ...event, attributes }, activeLogContext(), [(line) => lines.push(line)]),
  );
  const [line = ""] = lines;
  return JSON.parse(line) as Record<string, unknown>;
}

describe("The line of an event", () => {
  it("has the documented fields in their order, and those of the request", () => {
    const { service: _, environment, ...line } = lineOf({ "http.route": "/items/:id", amount: 7 });
    assert.equal(environment, resource.attributes["deployment.environment.name"]);
    assert.deepEqual(Object.entries(line), [
      ["timestamp", "2026-11-30T08:00:00.250Z"],
      ["level", "warn"],
      ["message", "sold password=REDACTED"],
      ["logger", "shop"],
      ...Object.entries(logIdsOf(1)),
      ["route", "/items/:id"],
      ["amount", 7],
    ]);
  });

  for (const { title, attributes, field, value } of [
    {
      title: "no secret of a field",
      attributes: { apiKey: "swordfish9" },
      field: "apiKey",
      value: "REDACTED",
    },
    { title: "its own level", attributes: { level: "debug" }, field: "level", value: "warn" },
    { title: "the app's user", attributes: { user_id: "u7" }, field: "user_id", value: "u7" },
    {
      title: "a long integer as text",
      attributes: { big: 2n ** 70n },
      field: "big",
      value: String(2n ** 70n),
    },
    {
      title: "no undefined value",
      attributes: { amount: undefined },
      field: "amount",
      value: undefined,
    },
    {
      title: "the parts of a request's time",
      attributes: { "telltale.request.own.duration": 2 },
      field: "own_duration",
      value: 2,
    },
  ]) {
    it(`has ${title}`, () => {
      assert.equal(lineOf(attributes)[field], value);
    });
  }
});

describe("The record of an event", () => {
  it("has its name, its severity, its time and the ids of the request", () => {
    const { provider, records } = collectRecords();
    const log = new EventLog(provider, { name: "shop" });
    inRequest(1, () => log.write(event, activeLogContext(), []));
    const [record] = records;
    const { trace_id: traceId, request_id: requestId } = logIdsOf(1);
    assert.deepEqual(
      [record?.eventName, record?.severityNumber, record?.severityText],
      ["telltale.sold", 13, "warn"],
    );
    assert.equal(record?.body, "sold password=REDACTED");
    assert.equal(record.spanContext?.traceId, traceId);
    assert.equal(record.attributes["telltale.request.id"], requestId);
    assert.deepEqual(record.hrTime, [event.time / 1000 - 0.25, 250_000_000]);
  });

  it("is not created if it has no receiver", () => {
    const provider = new TelltaleLoggerProvider(
      { resource, limits: { attributeCount: 1, attributeLength: 1 }, redactor },
      undefined,
    );
    const attributes = Object.defineProperty({}, "read", {
      enumerable: true,
      get: () => assert.fail("an attribute was read"),
    });
    const context = { context: ROOT_CONTEXT, spanContext: undefined, unit: undefined };
    new EventLog(provider, { name: "shop" }).write({ ...event, attributes }, context, []);
  });
});
