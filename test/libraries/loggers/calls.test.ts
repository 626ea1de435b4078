import assert from "node:assert/strict";
import { type LoggerRun, runLogger } from "./run.ts";

type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Loggers and console methods, times values that count calls, times ways to log one. */
const ROWS = 11 * (19 * 5 + 12);

const pinos = [
  ["pino", "26"],
  ["pino9", "24"],
  ["pino8", "22.15"],
  ["pino7", "22.15"],
] as const;

for (const [pino, node] of pinos) {
  describe(`The app's code in logged values (${pino}, Node ${node})`, () => {
    let bare: LoggerRun;
    let run: LoggerRun;
    before(async () => {
      const options = { node, args: [pino] };
      [bare, run] = await Promise.all([
        runLogger("calls.cjs", { ...options, bare: true }),
        runLogger("calls.cjs", options),
      ]);
    });

    it("runs as often as without telltale, for every logger and call", () => {
      assert.equal(run.code, 0, run.stderr);
      const expected = countsIn(bare);
      const counts = countsIn(run);
      assert.equal(Object.keys(expected).length, ROWS);
      const others = Object.keys(expected).filter(
        (row) => JSON.stringify(counts[row]) !== JSON.stringify(expected[row]),
      );
      assert.deepEqual(
        others.map((row) => [row, counts[row]]),
        others.map((row) => [row, expected[row]]),
      );
      assert.ok(run.logs.length > ROWS / 2, `${run.logs.length} records`);
    });
  });
}

function countsIn({ stdout }: LoggerRun): Counts {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Counts;
}
