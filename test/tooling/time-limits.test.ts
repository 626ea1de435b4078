import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/node.mjs";
import { WAIT_TIMEOUT_MS } from "../until.ts";

const { timeout } = JSON.parse(readFileSync(join(root, ".mocharc.json"), "utf8")) as {
  timeout: number;
};

/** A limit of mocha's, as a number or a product of numbers: `this.timeout(30 * 60_000)`. */
const LIMIT = /\b(?:this|test|\}\))\.timeout\(([\d_ *]+)\)/g;

describe("The time limit of tests", () => {
  it("is longer than several waits, so that a failure names the missing thing", () => {
    assert.ok(timeout >= 4 * WAIT_TIMEOUT_MS, `${timeout} ms`);
  });

  it("is not shortened by any test", () => {
    const files = globSync("test/**/*.ts", { cwd: root, exclude: ["**/node_modules/**"] });
    assert.ok(files.length > 100);
    const short = files.flatMap((file) =>
      timeLimitsIn(readFileSync(join(root, file), "utf8"))
        .filter((limit) => limit < timeout)
        .map((limit) => `${file}: ${limit} ms`),
    );
    assert.deepEqual(short, []);
  });
});

function timeLimitsIn(text: string): number[] {
  return [...text.matchAll(LIMIT)].map(([, product = ""]) =>
    product.split("*").reduce((all, factor) => all * Number(factor.replaceAll("_", "")), 1),
  );
}
