import assert from "node:assert/strict";
import { hostileValues } from "../../../logs/hostile.ts";
import { inRequest } from "../../../logs/requests.ts";
import {
  createPatchedWinston,
  loadFreshWinston,
  MESSAGE_SYMBOL,
  recordingTransport,
  type Winston,
} from "./winston-copy.ts";

describe("A line of winston with a hostile value", () => {
  for (const { title, make } of hostileValues.filter(
    ({ winstonFailure }) => winstonFailure === undefined,
  )) {
    it(`has the same outcome with and without telltale: ${title}`, () => {
      const bare = outcome(loadFreshWinston(), make());
      const { winston, records } = createPatchedWinston();
      assert.deepEqual(outcome(winston, make()), bare);
      assert.deepEqual(inRequest(1, () => outcome(winston, make())).thrown, bare.thrown);
      if (bare.thrown === undefined) assert.equal(records.length, 2 * bare.lines.length);
    });
  }
});

interface Outcome {
  readonly thrown: string | undefined;
  readonly lines: readonly unknown[];
}

/** Logs a value with winston's default format and returns its lines, or what was thrown. */
function outcome(winston: typeof Winston, value: unknown): Outcome {
  const { transport, lines } = recordingTransport(winston);
  const logger = winston.createLogger({ transports: transport });
  let thrown: string | undefined;
  try {
    logger.info("placed", { value });
    logger.info(value as string);
  } catch (error) {
    thrown = String(error);
  }
  return { thrown, lines: lines.map((line) => line[MESSAGE_SYMBOL]) };
}
