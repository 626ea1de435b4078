import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { ReceivedLog } from "../../../src/testing/received.ts";
import { runLogger } from "./run.ts";

interface ExpectedRecord {
  readonly body: string;
  /** Name and number; not compared if it is missing. */
  readonly severity?: readonly [string, number];
  /** All attributes, except for the stack; not compared if they are missing. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

interface RecordRows {
  readonly rows: readonly { readonly title: string; readonly records: readonly ExpectedRecord[] }[];
}

const { rows } = createRequire(import.meta.url)("./apps/record-rows.cjs") as RecordRows;

describe("The records of a logger", () => {
  /** The records of each row. */
  let received: readonly (readonly ReceivedLog[])[];
  before(async () => {
    const { logs, code, stderr } = await runLogger("record-rows.cjs");
    assert.equal(code, 0, stderr);
    received = ["winston", "pino", "bunyan"].flatMap((library) =>
      splitRows(logs.filter(({ scope }) => scope.name === library)),
    );
    assert.equal(received.length, rows.length);
  });

  for (const [at, { title, records }] of rows.entries()) {
    it(`are one for each line that is shown, with ${title}`, () => {
      const own = received[at] ?? [];
      assert.deepEqual(
        own.map(({ body }) => body),
        records.map(({ body }) => body),
      );
      for (const [nr, record] of own.entries()) assertRecord(record, records[nr]);
    });
  }
});

function splitRows(logs: readonly ReceivedLog[]): readonly (readonly ReceivedLog[])[] {
  const result: ReceivedLog[][] = [];
  let own: ReceivedLog[] = [];
  for (const log of logs) {
    if (log.body !== "end of row") own.push(log);
    else {
      result.push(own);
      own = [];
    }
  }
  return result;
}

function assertRecord(
  record: ReceivedLog,
  { severity, attributes }: ExpectedRecord = { body: "" },
): void {
  if (severity !== undefined) {
    assert.deepEqual([record.severityText, record.severityNumber], severity);
  }
  if (attributes === undefined) return;
  const { "exception.stacktrace": stack, src, ...rest } = record.attributes;
  const { src: file, ...expected } = attributes;
  assert.deepEqual(rest, expected);
  if ("exception.type" in expected)
    assert.match(JSON.stringify(stack), /^"RangeError: broken\\n +at /);
  if (file !== undefined) assert.ok(JSON.stringify(src).includes(JSON.stringify(file).slice(1)));
}
