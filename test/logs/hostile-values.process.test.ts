import assert from "node:assert/strict";
import { logRecords as json } from "../../src/export/otlp/otlp-json.ts";
import { logRecords as protobuf } from "../../src/export/otlp/otlp-protobuf.ts";
import { LogRecord } from "../../src/logs/log-record.ts";
import { logsOf, readExport } from "../../src/testing/otlp.ts";
import type { ReceivedLog } from "../../src/testing/received.ts";
import { resource } from "../export/telemetry.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { hostileValues } from "./hostile.ts";

describe("A record with a hostile value", () => {
  for (const { title, make } of hostileValues) {
    it(`has the same content in JSON and in protobuf: ${title}`, () => {
      const record = new LogRecord(
        { resource, limits, redactor },
        { name: "test" },
        1_700_000_000_000,
      );
      record.setAttribute("value", make());
      assert.deepEqual(
        received("application/json", json.encodeRequest([json.encode(record)])),
        received("application/x-protobuf", protobuf.encodeRequest([protobuf.encode(record)])),
      );
    });
  }
});

function received(contentType: string, body: Uint8Array): ReceivedLog {
  const [log] = logsOf(readExport("logs", contentType, body));
  assert.ok(log);
  return log;
}

const limits = { attributeCount: 128, attributeLength: Infinity };
