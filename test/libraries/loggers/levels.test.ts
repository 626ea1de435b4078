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
