import assert from "node:assert/strict";
import * as fc from "fast-check";
import { logRecords as json } from "../../src/export/otlp/otlp-json.ts";
import { logRecords as protobuf } from "../../src/export/otlp/otlp-protobuf.ts";
import { jsonLineOf } from "../../src/logs/json-line.ts";
import { LogRecord } from "../../src/logs/log-record.ts";
import { readExport } from "../../src/otlp/decode.ts";
import { logsOf } from "../../src/testing/otlp.ts";
import type { ReceivedLog } from "../../src/testing/received.ts";
import { resource } from "../export/telemetry.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { anyValue } from "./generated-values.ts";
import { loggedValues, smallValues } from "./logged-values.ts";

/** How many records are encoded together: a receiver refuses a whole batch for one of them. */
const BATCH = 10;

describe("A record with a hostile value", () => {
  for (const { title, make } of loggedValues) {
    it(`has the same content in JSON and in protobuf, and one line in files: ${title}`, () => {
      assertExported([recordWith(setAttribute, make)]);
    });
  }

  it("has the same content in JSON and in protobuf, and one line in files, in each place", () => {
    assert.ok(smallValues.length > 200);
    for (const { make } of smallValues)
      assertExported(places.map((place) => recordWith(place, make)));
  });

  it("has one line and the same content in JSON and in protobuf for each of 100,000 generated values", () => {
    const values = fc.array(fc.tuple(fc.constantFrom(...places), anyValue), {
      minLength: BATCH,
      maxLength: BATCH,
    });
    const property = fc.property(values, (all) => {
      assertExported(all.map(([put, make]) => recordWith(put, make)));
    });
    fc.assert(property, { numRuns: 100_000 / BATCH });
  }).timeout(20 * 60_000);
});

type Put = (record: LogRecord, value: unknown) => void;

const setAttribute: Put = (record, value) => record.setAttribute("value", value);

/** Where a value can be in a record. */
const places: readonly Put[] = [
  setAttribute,
  (record, value) => record.setBody(value),
  (record, value) => {
    record.setAttribute(typeof value === "string" ? value : "list", [value]);
  },
  (record, value) => {
    if (typeof value === "string") record.eventName = value;
    record.severityText = typeof value === "string" ? value : "info";
  },
];

function recordWith(put: Put, make: () => unknown): LogRecord {
  const record = new LogRecord({ resource, limits, redactor }, { name: "test" }, 1_700_000_000_000);
  record.setBody("line");
  put(record, make());
  return record;
}

function assertExported(records: readonly LogRecord[]): void {
  const read = (type: string, body: Uint8Array): readonly ReceivedLog[] =>
    logsOf(readExport("logs", type, body));
  const fromJson = read("application/json", json.encodeRequest(records.map(json.encode)));
  const fromProtobuf = read(
    "application/x-protobuf",
    protobuf.encodeRequest(records.map(protobuf.encode)),
  );
  assert.equal(fromJson.length, records.length);
  assert.deepEqual(fromJson, fromProtobuf);
  for (const record of records) assertLine(jsonLineOf(record));
}

/** Checks that a text is one JSON object on one line. */
function assertLine(text: string): void {
  assert.doesNotMatch(text, CONTROLS);
  const line = JSON.parse(text) as Record<string, unknown>;
  assert.equal(line["timestamp"], "2023-11-14T22:13:20.000Z");
  assert.equal(line["logger"], "test");
}

/** Characters that end a line for some reader, or control a terminal. */
// oxlint-disable-next-line no-control-regex -- that is its purpose
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

const limits = { attributeCount: 128, attributeLength: Infinity };
