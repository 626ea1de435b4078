import assert from "node:assert/strict";
import { runLogger } from "./run.ts";

const EXPORTED_LEVELS = {
  "error and warn": ["warn", "error"],
  "warn and no level": ["info", "warn", "error"],
  "a custom level": ["error"],
  "one target": ["debug", "info", "warn", "error"],
};

describe("A pino line that no target of its transport accepts", () => {
  for (const pino of ["pino", "pino9", "pino8", "pino7"]) {
    it(`is not recorded (${pino})`, async () => {
      const [run, bare] = await Promise.all([
        runLogger("levels.cjs", { args: [pino] }),
        runLogger("levels.cjs", { args: [pino], bare: true }),
      ]);
      assert.deepEqual([run.code, run.stderr], [bare.code, bare.stderr]);
      assert.deepEqual(
        run.logs.map(({ body }) => body),
        Object.entries(EXPORTED_LEVELS).flatMap(([name, levels]) =>
          levels.map((level) => `${name}: ${level}`),
        ),
      );
    });
  }
});

/** The levels of the loggers at each step of `changed-levels.cjs`. */
const CHANGED_LEVELS = [
  { root: "info", child: "info", quiet: "error" },
  { root: "debug", child: "debug", quiet: "debug", during: "debug" },
  { root: "info", child: "info", quiet: "info", during: "info" },
  { root: "silent", child: "silent", quiet: "silent", during: "silent" },
];
const LAST_LEVELS = { root: "warn", child: "info", quiet: "error", during: "info", after: "warn" };

describe("The level of pino's loggers", () => {
  for (const pino of ["pino", "pino9", "pino8", "pino7"]) {
    it(`is changed at run time by setLogLevel, and then what it was (${pino})`, async () => {
      const run = await runLogger("changed-levels.cjs", { args: [pino] });
      assert.deepEqual([run.code, run.stderr], [0, ""]);
      const texts = run.stdout.trim().split("\n");
      const levels = texts.find((text) => text.startsWith("["));
      // Children of pino 10.4 without a level of their own follow their parent.
      const followed = pino === "pino" ? { child: "warn", during: "warn" } : {};
      const last = { ...LAST_LEVELS, ...followed };
      assert.deepEqual(JSON.parse(levels ?? ""), [...CHANGED_LEVELS, last]);
      const lines = texts.filter((text) => text.startsWith("{"));
      const steps = lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
      const count = (step: string): number => steps.filter((one) => one === step).length;
      assert.deepEqual(["before", "debug", "http", "none", "after"].map(count), [3, 8, 4, 0, 5]);
    });
  }
});
