import assert from "node:assert/strict";
import { runLogger } from "./run.ts";

const EXPORTED_LEVELS = {
  "error and warn": ["warn", "error"],
  "warn and none": ["info", "warn", "error"],
  "a custom one": ["error"],
  "one target": ["debug", "info", "warn", "error"],
};

describe("A line of pino's that no target of its transport takes", () => {
  for (const pino of ["pino", "pino9", "pino8", "pino7"]) {
    it(`is no record (${pino})`, async () => {
      const [ran, bare] = await Promise.all([
        runLogger("levels.cjs", { args: [pino] }),
        runLogger("levels.cjs", { args: [pino], bare: true }),
      ]);
      assert.deepEqual([ran.code, ran.stderr], [bare.code, bare.stderr]);
      assert.deepEqual(
        ran.logs.map(({ body }) => body),
        Object.entries(EXPORTED_LEVELS).flatMap(([name, levels]) =>
          levels.map((level) => `${name}: ${level}`),
        ),
      );
    });
  }
});
