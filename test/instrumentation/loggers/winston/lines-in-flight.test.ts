import assert from "node:assert/strict";
import { ROOT_CONTEXT } from "../../../../src/context/context.ts";
import { jsonLayoutOf } from "../../../../src/instrumentation/loggers/winston/json-layout.ts";
import {
  linesInFlight,
  type WinstonLine,
} from "../../../../src/instrumentation/loggers/winston/lines-in-flight.ts";
import { MESSAGE_SYMBOL } from "./winston-copy.ts";

function lineAt(timestamp: number): WinstonLine {
  return {
    context: ROOT_CONTEXT,
    spanContext: undefined,
    unit: undefined,
    timestamp,
    error: undefined,
    reported: undefined,
    childError: undefined,
    belowLevel: undefined,
    hasIds: false,
    isRecorded: false,
  };
}

describe("The winston lines in flight", () => {
  it("return buffered lines in the order of their writes, each once", () => {
    const info = {};
    const [first, second] = [lineAt(1), lineAt(2)];
    linesInFlight.buffer(info, first);
    linesInFlight.buffer(info, second);
    const taken = [1, 2, 3].map(() => linesInFlight.takeBuffered(info));
    assert.deepEqual(taken, [first, second, undefined]);
    assert.equal(linesInFlight.takeBuffered({}), undefined);
  });

  it("return the last formatted line once, and only if its text is unchanged", () => {
    const layout = jsonLayoutOf(["message"]);
    assert.ok(layout);
    const info: Record<string | symbol, unknown> = { message: "m", [MESSAGE_SYMBOL]: "text" };
    const line = { info, text: "text", layout, values: ["m"] };
    linesInFlight.lastFormatted = line;
    assert.equal(linesInFlight.takeFormatted({ ...info }), undefined);
    info[MESSAGE_SYMBOL] = "changed";
    assert.equal(linesInFlight.takeFormatted(info), undefined);
    info[MESSAGE_SYMBOL] = "text";
    assert.equal(linesInFlight.takeFormatted(info), line);
    assert.equal(linesInFlight.takeFormatted(info), undefined);
  });

  it("return the last result of json() for the same info and text", () => {
    const info = {};
    const result = { info, text: "{}", values: undefined };
    linesInFlight.lastJsonResult = result;
    assert.equal(linesInFlight.jsonResultOf(info, "{}"), result);
    assert.equal(linesInFlight.jsonResultOf(info, "changed"), undefined);
    assert.equal(linesInFlight.jsonResultOf({}, "{}"), undefined);
  });

  it("remember which of them another logger reads", () => {
    const info = {};
    assert.equal(linesInFlight.isForwarded(info), false);
    linesInFlight.markForwarded(info);
    assert.equal(linesInFlight.isForwarded(info), true);
    assert.equal(linesInFlight.isForwarded({}), false);
  });
});
