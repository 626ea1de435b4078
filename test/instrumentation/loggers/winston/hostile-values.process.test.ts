import assert from "node:assert/strict";
import * as fc from "fast-check";
import { anyValue } from "../../../logs/generated-values.ts";
import { hostileValues } from "../../../logs/hostile.ts";
import { loggedValues } from "../../../logs/logged-values.ts";
import { inRequest } from "../../../logs/requests.ts";
import {
  createPatchedWinston,
  loadFreshWinston,
  MESSAGE_SYMBOL,
  recordingTransport,
  type Winston,
} from "./winston-copy.ts";

/** Values on which winston itself hangs, that show a further reader, or that change with time. */
const FAILING: ReadonlySet<string> = new Set([
  ...hostileValues.filter((one) => one.winstonFailure !== undefined).map(({ title }) => title),
  "a getter that adds a getter at each read",
  "a proxy with another value at each read",
  "a timer",
  "the global object",
]);

describe("A line of winston with a hostile value", () => {
  for (const { title, make } of loggedValues.filter((one) => !FAILING.has(one.title))) {
    it(`has the same outcome with and without telltale: ${title}`, () => {
      const bare = outcome(loadFreshWinston(), make());
      const { winston, records } = createPatchedWinston();
      assert.deepEqual(outcome(winston, make()), bare);
      assert.deepEqual(inRequest(1, () => outcome(winston, make())).thrown, bare.thrown);
      if (bare.thrown === undefined) assert.equal(records.length, 2 * bare.lines.length);
    });
  }

  it("has the same outcome with and without telltale for 100,000 generated values", () => {
    const bare = new Lines(loadFreshWinston());
    const { winston, records } = createPatchedWinston();
    const patched = new Lines(winston);
    const value = fc.tuple(fc.constantFrom(...places), anyValue);
    const property = fc.property(value, ([log, make]) => {
      const value = make();
      const expected = bare.linesOf(log, value);
      assert.deepEqual(patched.linesOf(log, value), expected);
      if (expected.thrown !== undefined) return;
      const [line = ""] = expected.lines;
      assert.doesNotMatch(line, /[\r\n]/);
      JSON.parse(line);
      const [record] = records.splice(0);
      assert.notEqual(record?.body, undefined);
    });
    fc.assert(property, { numRuns: 100_000 });
  }).timeout(20 * 60_000);
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
    thrown = textOfThrown(error);
  }
  return { thrown, lines: lines.map((line) => line[MESSAGE_SYMBOL]) };
}

type Log = (logger: Winston.Logger, value: unknown) => void;

/** Where a value can be in a call. */
const places: readonly Log[] = [
  (logger, value) => logger.info(value as string),
  (logger, value) => logger.info("line", value),
  (logger, value) => logger.info("line", { value }),
  (logger, value) => logger.info("line", { nested: { list: [value] } }),
  (logger, value) => logger.child({ value }).info("line"),
];

/** A logger whose lines are compared. */
class Lines {
  readonly #winston: typeof Winston;
  readonly #lines: { readonly [MESSAGE_SYMBOL]?: unknown }[] = [];
  #logger: Winston.Logger;

  constructor(winston: typeof Winston) {
    this.#winston = winston;
    this.#logger = this.#createLogger();
  }

  linesOf(log: Log, value: unknown): { thrown: string | undefined; lines: string[] } {
    let thrown: string | undefined;
    try {
      log(this.#logger, value);
    } catch (error) {
      thrown = textOfThrown(error);
      this.#logger = this.#createLogger();
    }
    return { thrown, lines: this.#lines.splice(0).map((line) => String(line[MESSAGE_SYMBOL])) };
  }

  #createLogger(): Winston.Logger {
    const { transport, lines } = recordingTransport(this.#winston);
    lines.push = (...added) => this.#lines.push(...added);
    return this.#winston.createLogger({ transports: transport });
  }
}

/** Returns the text of what was thrown, which may be any value. */
function textOfThrown(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "an object without a text";
  }
}
