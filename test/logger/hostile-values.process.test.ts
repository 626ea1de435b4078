import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Logger } from "winston";
import { loggedValues, smallValues } from "../logs/logged-values.ts";
import { type CollectedLines, collectLines } from "./collect-lines.ts";
import { assertJsonLine, assertReadableLine } from "./line-assertions.ts";
import { anyValue } from "../logs/generated-values.ts";

type Call = (logger: Logger, value: unknown) => void;

/** Where a value can be in a call. */
const places: Readonly<Record<string, Call>> = {
  "the message": (logger, value) => logger.info(value as string),
  "the fields": (logger, value) => logger.info("line", value),
  "a field": (logger, value) => logger.info("line", { value }),
  "a further argument": (logger, value) => logger.info("line", { a: 1 }, value),
  "the argument of a placeholder": (logger, value) => logger.info("%s %d %j", value, value, value),
  "the entry of log()": (logger, value) => logger.log("info", value as string),
  "the cause of an error": (logger, value) => logger.info(new Error("failed", { cause: value })),
  "the message of an error": (logger, value) =>
    logger.info("line", Object.assign(new Error("failed"), { message: value })),
  "a field of a child": (logger, value) => logger.child({ value }).info("line"),
  "the fields of a child": (logger, value) => logger.child(value as object).info("line"),
};

describe("A logger of telltale/logger", () => {
  for (const [place, call] of Object.entries(places)) {
    // Huge values take a second each.
    const tested = place === "a field" ? loggedValues : smallValues;
    it(`writes one line for each of ${tested.length} hostile values in the place of ${place}`, () => {
      for (const { title, make } of tested) {
        const lines = collectLines();
        call(lines.logger, make());
        try {
          assertOneLine(lines, "info");
        } catch (error) {
          throw new Error(`not one line for ${title}`, { cause: error });
        }
      }
    });
  }

  it("writes one line for each of 100,000 generated values", () => {
    const lines = collectLines("api", { levels: [{ name: "*", level: "silly" }] });
    const methods = lines.logger as unknown as Readonly<
      Record<string, (...args: unknown[]) => void>
    >;
    const levels = fc.constantFrom("error", "warn", "info", "http", "verbose", "debug", "silly");
    const values = fc.tuple(anyValue, anyValue, anyValue, anyValue);
    const property = fc.property(levels, values, (level, [first, second, third, fourth]) => {
      methods[level]?.(first());
      assertOneLine(lines, level);
      methods[level]?.("line", second());
      assertOneLine(lines, level);
      methods[level]?.("line", { value: third() });
      assertOneLine(lines, level);
      lines.logger.child({ value: fourth() }).log({ level, message: "line" });
      assertOneLine(lines, level);
    });
    fc.assert(property, { numRuns: 25_000 });
  }).timeout(20 * 60_000);
});

function assertOneLine({ texts, readable, messages }: CollectedLines, level: string): void {
  assert.deepEqual(messages, []);
  assert.equal(texts.length, 1);
  assertJsonLine(texts.splice(0)[0] ?? "", level);
  assertReadableLine(readable.splice(0)[0] ?? "", level);
}
