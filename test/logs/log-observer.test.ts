import assert from "node:assert/strict";
import type { LogContext } from "../../src/logs/correlation.ts";
import type { LogObserver } from "../../src/logs/log-observer.ts";
import { TelltaleLoggerProvider, type LogRecordSink } from "../../src/logs/logger.ts";
import type { LogRecord } from "../../src/logs/log-record.ts";
import { resource } from "../export/telemetry.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { inRequest, logIdsOf } from "./requests.ts";

const limits = { attributeCount: 128, attributeLength: Infinity };

/** What an observer and a sink have received. */
class Received {
  readonly added: LogRecord[] = [];
  readonly captured: { error: object; body: unknown; requestId: string | undefined }[] = [];
  readonly written: LogRecord[] = [];
  /** Number of added records when an error was captured. */
  addedBefore: number | undefined = undefined;

  readonly addRecord: NonNullable<LogObserver["addRecord"]> = (source) => {
    this.added.push(source.toRecord());
  };

  readonly captureError: NonNullable<LogObserver["captureError"]> = (error, record, line) => {
    this.addedBefore ??= this.added.length;
    this.captured.push({ error, body: record.body, requestId: requestIdOf(line) });
    return "the event";
  };

  readonly sink: NonNullable<LogRecordSink> = (source) => {
    this.written.push(source.toRecord());
  };
}

function requestIdOf({ unit }: LogContext): string | undefined {
  return unit?.requestId;
}

function providerFor(sink: LogRecordSink, observer?: LogObserver): TelltaleLoggerProvider {
  return new TelltaleLoggerProvider({ resource, limits, redactor }, sink, undefined, observer);
}

describe("An observer of log records", () => {
  const error = new TypeError("no stock");
  let received: Received;
  beforeEach(() => {
    received = new Received();
  });

  const emit = (severityNumber: number, sink: LogRecordSink, observer: LogObserver): void =>
    inRequest(1, () => {
      const logger = providerFor(sink, observer).getLogger("shop");
      logger.emit({ body: "failed", severityNumber, exception: error });
    });

  for (const [severity, captures] of [
    [24, true],
    [21, true],
    [17, true],
    [16, false],
    [13, false],
    [0, false],
  ] as const) {
    it(`captures ${captures ? "the" : "no"} error of a record of severity ${severity}`, () => {
      emit(severity, received.sink, received);
      const expected = { error, body: "failed", requestId: logIdsOf(1).request_id };
      assert.deepEqual(received.captured, captures ? [expected] : []);
      assert.deepEqual(
        received.written.map(({ attributes }) => attributes["sentry.event_id"]),
        [captures ? "the event" : undefined],
      );
    });
  }

  it("gets the record of an error after its event, which it is no breadcrumb of", () => {
    emit(17, received.sink, received);
    assert.equal(received.addedBefore, 0);
    assert.equal(received.added.length, 1);
    assert.deepEqual(received.added, received.written);
  });

  it("gets records without an exporter", () => {
    emit(17, undefined, received);
    assert.deepEqual([received.added.length, received.captured.length], [1, 1]);
  });

  it("gets records after a shutdown, which ends the export only", async () => {
    const provider = providerFor(received.sink, received);
    const logger = provider.getLogger("shop");
    await provider.shutdown();
    logger.emit({ body: "late", severityNumber: 17, exception: error });
    assert.equal(logger.enabled(), true);
    const { added, captured, written } = received;
    assert.deepEqual([added.length, captured.length, written.length], [1, 1, 0]);
  });

  const observers: readonly (readonly [string, Partial<LogObserver>, number, number])[] = [
    ["breadcrumbs only", { captureError: undefined }, 1, 0],
    ["events only", { addRecord: undefined }, 0, 1],
  ];
  for (const [what, change, added, captured] of observers) {
    it(`may be for ${what}`, () => {
      const { addRecord, captureError } = received;
      emit(17, received.sink, { addRecord, captureError, ...change });
      assert.deepEqual([received.added.length, received.captured.length], [added, captured]);
      assert.equal(received.written.length, 1);
    });
  }

  it("gets no error that is none", () => {
    const logger = providerFor(received.sink, received).getLogger("shop");
    const thrown = [{ message: "plain" }, "text", 7, null, undefined, new Proxy(error, {})];
    for (const exception of thrown) logger.emit({ severityNumber: 17, exception });
    assert.equal(received.captured.length, 0);
    assert.equal(received.added.length, thrown.length);
  });

  it("makes a logger enabled", () => {
    const rows = [
      [undefined, undefined, false],
      [received.sink, undefined, true],
      [undefined, received, true],
    ] as const;
    for (const [sink, observer, enabled] of rows)
      assert.equal(providerFor(sink, observer).getLogger("shop").enabled(), enabled);
  });
});
