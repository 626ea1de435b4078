import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Receiver, startReceiver } from "../../../src/testing/receiver.ts";
import { preload, Program, type ProgramResult, telemetryEnv } from "../../integration/program.ts";
import { type EventSummary, expectedSummary, summaryOf } from "./event-summary.ts";
import {
  isSeen,
  type LineCase,
  lineCases,
  type LoggerSourceRow,
  loggerSourceRows,
  type LogPlaceName,
  logPlaces,
  mechanismOfLine,
} from "./logs.ts";

for (const row of loggerSourceRows) {
  describe(`Each error that ${row.library} logs is exactly one event, if it is one:`, () => {
    let receiver: Receiver;
    let preloaded: ProgramResult;
    before(async () => {
      receiver = await startReceiver();
      preloaded = await logAll(row, receiver);
      await receiver.settled();
    });
    after(() => receiver.close());

    for (const place of Object.keys(logPlaces) as LogPlaceName[]) {
      it(`${logPlaces[place]} (${place})`, () => {
        const logged = lineCases.filter(({ id }) => preloaded.stdout.includes(`logged ${id}\n`));
        const cases = logged.filter((one) => one.place === place);
        assert.ok(cases.length > 0);
        checkLines(row, cases, receiver);
      });
    }

    it("no other line is an event", () => {
      const ids = new Set(lineCases.map(({ id }) => id));
      const others = receiver.events.filter(({ tags }) => !ids.has(String(tags?.["case"])));
      assert.deepEqual(others.map(summaryOf), []);
    });

    it("the logger behaves as without the preload", async () => {
      const bare = await logAll(row);
      assert.deepEqual([preloaded.code, preloaded.stdout], [bare.code, bare.stdout]);
    });
  });
}

function checkLines(row: LoggerSourceRow, cases: readonly LineCase[], { events }: Receiver): void {
  const actual = cases.map(({ id, value }) => {
    const found = events.filter(({ tags }) => tags?.["case"] === id);
    return [value.name, ...found.map(summaryOf)];
  });
  const expected = cases.map((one) => [one.value.name, ...expectedOf(row, one)]);
  assert.deepEqual(actual, expected);
}

function expectedOf(row: LoggerSourceRow, line: LineCase): EventSummary[] {
  const mechanism = mechanismOfLine(row, line.place);
  if (mechanism === undefined || !isSeen(row, line)) return [];
  return [expectedSummary(mechanism, line.value, undefined)];
}

function logAll(
  { logger, installed }: LoggerSourceRow,
  receiver?: Receiver,
): Promise<ProgramResult> {
  const lines = lineCases.map(({ value, ...line }) => ({ ...line, value: value.name }));
  return new Program({
    file: fileURLToPath(new URL("apps/logs.mjs", import.meta.url)),
    args: [logger, installed, JSON.stringify(lines)],
    flags: receiver === undefined ? [] : preload.import,
    env:
      receiver === undefined
        ? {}
        : { ...telemetryEnv(receiver), OTEL_NODE_DISABLED_INSTRUMENTATIONS: "" },
  }).ended;
}
