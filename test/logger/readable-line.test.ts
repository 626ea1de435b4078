import assert from "node:assert/strict";
import type { Logger } from "winston";
import { collectLines } from "./collect-lines.ts";

const failure = Object.assign(new Error("broken\nforged"), {
  stack: "Error: broken\nforged\n    at pay (pay.js:1:2)",
  cause: Object.assign(new RangeError("too far"), {
    stack: "RangeError: too far\n    at far (far.js:3:4)",
  }),
});

const rows: readonly {
  readonly title: string;
  readonly call: (logger: Logger) => void;
  readonly text: string;
}[] = [
  { title: "a message", call: (logger) => logger.info("paid"), text: "INFO    api paid" },
  {
    title: "fields",
    call: (logger) => logger.warn("paid", { order: 12, name: "a b", empty: "", list: [1] }),
    text: 'WARN    api paid order=12 name="a b" empty="" list=[1]',
  },
  {
    title: "control characters",
    call: (logger) => logger.info("a\nb\u2028c\u001b[31m", { "k\n": "v\r" }),
    text: String.raw`INFO    api a\nb\u2028c\u001b[31m k\n="v\r"`,
  },
  {
    title: "an error with a cause",
    call: (logger) => logger.error("failed", failure),
    text: [
      "ERROR   api failed",
      String.raw`    Error: broken\nforged`,
      "      at pay (pay.js:1:2)",
      "    [cause] RangeError: too far",
      "      at far (far.js:3:4)",
    ].join("\n"),
  },
  {
    title: "several errors",
    call: (logger) => {
      const errors = [Object.assign(new Error("first"), { stack: "Error: first" }), "second"];
      logger.error("failed", Object.assign(new AggregateError(errors, "all"), { stack: "" }));
    },
    text: "ERROR   api failed\n    AggregateError: all\n    [error] Error: first\n    [error] second",
  },
];

describe("The readable text of a line", () => {
  for (const { title, call, text } of rows) {
    it(`shows ${title}`, () => {
      const { logger, readable } = collectLines();
      call(logger);
      assert.equal(readable[0]?.slice(13), text);
    });
  }
});
