import assert from "node:assert/strict";
import { inRequest, logIdsOf } from "../../../logs/requests.ts";
import { createPatchedWinston, MESSAGE_SYMBOL, recordingTransport } from "./winston-copy.ts";

/** Fields that `telltale/logger` writes on a line. */
const rows: readonly { readonly title: string; readonly fields: object }[] = [
  { title: "no fields", fields: {} },
  { title: "texts and numbers", fields: { order: "12", total: 9.5, big: 1e300, none: "" } },
  { title: "booleans", fields: { paid: true, free: false } },
  { title: "numbers that JSON lacks", fields: { a: "NaN", b: -0 } },
  { title: "the attributes of the resource", fields: { service: "shop", environment: "test" } },
  { title: "another service", fields: { service: "other", environment: "other" } },
  { title: "a time", fields: { timestamp: "2020-02-03T04:05:06.789Z" } },
  { title: "an invalid time", fields: { timestamp: "yesterday" } },
  { title: "a stack", fields: { stack: "TypeError: bad\n    at x" } },
  { title: "an error that is a text", fields: { error: "bad", err: "bad" } },
  { title: "another trace", fields: { trace_id: "e".repeat(32), span_id: "f".repeat(16) } },
  { title: "its own request and user", fields: { request_id: "mine", user_id: "me" } },
  { title: "a redacted user", fields: { user_id: "REDACTED" } },
  { title: "no message", fields: { message: "" } },
  { title: "colours", fields: { message: "\u001b[31mred\u001b[0m", colour: "\u001b[31m" } },
  { title: "the name of an event", fields: { "otel.event.name": "order.placed" } },
  { title: "process and host", fields: { pid: process.pid, hostname: "here" } },
  { title: "no name", fields: { logger: "" } },
  {
    title: "very many fields",
    fields: Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`n${at}`, at])),
  },
];

describe("The record of a line of telltale/logger that need not be parsed", () => {
  for (const { title, fields } of rows) {
    it(`equals that of the parsed line: ${title}`, () => {
      const { attributes, ...expected } = recordOf({ ...fields, parsed: { as: "JSON" } });
      const { parsed, ...rest } = attributes;
      assert.deepEqual(parsed, { as: "JSON" });
      assert.deepEqual(recordOf(fields), { ...expected, attributes: rest });
    });
  }
});

interface Shown {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Returns the record of a line as an exporter reads it, without the present time. */
function recordOf(fields: object): Shown {
  const { winston, records } = createPatchedWinston();
  const { format } = winston;
  const telltaleFormat = format((info) => {
    Object.assign(info, { message: "placed", logger: "api.cache", service: "shop" }, fields);
    return Object.assign(info, {
      [MESSAGE_SYMBOL]: JSON.stringify(info),
      [Symbol.for("telltale.line")]: true,
    });
  });
  const logger = winston.createLogger({
    format: telltaleFormat(),
    transports: recordingTransport(winston).transport,
  });
  inRequest(1, () => logger.info("placed"), { userId: "u1", organizationId: "o1" });
  const [record] = records;
  assert.ok(record);
  assert.equal(record.spanContext?.traceId.length, logIdsOf(1).trace_id.length);
  const isNow = Math.abs(record.hrTime[0] - record.hrTimeObserved[0]) < 60;
  return {
    attributes: record.attributes,
    body: withoutParsed(record.body),
    eventName: record.eventName,
    scope: record.instrumentationScope.name,
    severity: [record.severityText, record.severityNumber],
    trace: record.spanContext,
    time: isNow ? "now" : record.hrTime,
  };
}

/** A line without a message has its text as body. */
function withoutParsed(body: unknown): unknown {
  return typeof body === "string" ? body.replace(',"parsed":{"as":"JSON"}', "") : body;
}
