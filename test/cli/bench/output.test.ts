import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareResults } from "../../../src/cli/bench/comparison/comparison.ts";
import { type BenchReport, findingsOf } from "../../../src/cli/bench/document.ts";
import { terminalLines, writeReport } from "../../../src/cli/bench/output.ts";
import { Progress } from "../../../src/cli/bench/progress.ts";
import { verdictsOf, worstVerdict } from "../../../src/cli/bench/verdict.ts";
import { benchResult } from "./result-fixture.ts";

const HOSTILE = "</text><script>alert(1)</script>|`a`|\n\u001b[31m\u0007&\"'";
const MEDIANS = [10, 10.1, 10.2, 9.9, 9.8, 10, 10.1, 9.9];

function report(name: string): BenchReport {
  const before = benchResult([{ name, medians: MEDIANS, queries: 2 }]);
  const slow = MEDIANS.map((ms) => ms * 1.5);
  const result = benchResult([
    { name, medians: slow, queries: 5 },
    { name: "GET /new", medians: slow },
  ]);
  const comparison = compareResults(before, result, {
    ...{ tolerance: 0.1, looks: 1, isOneRun: false },
  });
  return { result, comparison, isInterrupted: false, findings: findingsOf(result, comparison) };
}

describe("A report of telltale bench", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-bench-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("has figures, changes and findings in each format", () => {
    const given = report("GET /orders");
    assert.deepEqual(given.findings, [
      "GET /orders: slower, +50% (+47% to +53%)",
      "GET /orders: 5 queries per request, 2 before",
    ]);
    for (const ending of ["md", "json", "html"]) {
      const file = join(folder, `report.${ending}`);
      writeReport(file, given);
      const text = readFileSync(file, "utf8");
      for (const part of ["GET /orders", "GET /new", "slower", "15 ms"])
        assert.ok(text.includes(part) || ending === "json", `${ending}: ${part}`);
    }
    const json = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as {
      readonly status: string;
      readonly comparison: { readonly endpoints: readonly { readonly change: string }[] };
    };
    assert.equal(json.status, "found");
    assert.equal(json.comparison.endpoints[0]?.change, "slower");
    const page = readFileSync(join(folder, "report.html"), "utf8");
    // Percentiles, two histograms, and the intervals.
    assert.equal(page.match(/<svg /g)?.length, 4);
    assert.doesNotMatch(page, /\b(?:src|href)=/);
  });

  it("has no markup and no control characters of a name", () => {
    const given = report(HOSTILE);
    const lines = terminalLines(given, (_style, text) => text, true);
    assert.doesNotMatch(lines.join(""), /\p{Cc}/u);
    for (const ending of ["md", "html"]) {
      const file = join(folder, `report.${ending}`);
      writeReport(file, given);
      const text = readFileSync(file, "utf8");
      assert.doesNotMatch(text, /[^\P{Cc}\n]/u);
      if (ending === "html") assert.doesNotMatch(text, /<script/);
    }
  });

  it("names a file that can't be written", () => {
    const file = join(folder, "missing", "report.md");
    assert.throws(() => writeReport(file, report("GET /")), {
      message: `--out: ${file} can't be written: ENOENT`,
    });
  });
});

describe("The verdict on an endpoint", () => {
  const [endpoint] = benchResult([{ name: "GET /", medians: [10], queries: 4 }]).endpoints;
  assert.ok(endpoint);
  const figures = { ...endpoint.figures, cacheRatio: 0.8 };
  // p50 is 10 ms, p95 20 ms, the queries are 4.
  const rows = [
    [{}, "excellent"],
    [{ p50: { excellent: 10, good: 20 } }, "excellent"],
    [{ p50: { excellent: 9, good: 10 } }, "good"],
    [{ p50: { excellent: 5, good: 9 } }, "needs work"],
    [{ p50: { excellent: 10, good: 20 }, queries: { excellent: 1, good: 4 } }, "good"],
    [{ p50: { excellent: 10, good: 20 }, queries: { excellent: 1, good: 3 } }, "needs work"],
    [{ cache_ratio: { excellent: 0.8, good: 0.5 } }, "excellent"],
    [{ cache_ratio: { excellent: 0.95, good: 0.9 } }, "needs work"],
  ] as const;
  for (const [targets, verdict] of rows)
    it(`is ${verdict} with the targets ${JSON.stringify(targets)}`, () => {
      assert.equal(worstVerdict(verdictsOf(figures, targets)), verdict);
    });

  it("is that it needs work with any error, unless the file allows some", () => {
    const failing = { ...figures, errors: 1, errorRatio: 0.01 };
    assert.equal(worstVerdict(verdictsOf(failing, {})), "needs work");
    const allowed = { errors: { excellent: 0.01, good: 0.01 } };
    assert.equal(worstVerdict(verdictsOf(failing, allowed)), "excellent");
  });
});

describe("The progress of telltale bench", () => {
  function written(isTTY: boolean): string {
    let text = "";
    const progress = new Progress({
      ...{ isTTY, columns: 40 },
      write: (part) => {
        text += part;
      },
    });
    for (const block of [0, 1, 2])
      for (const endpoint of ["GET /a", "GET /b\u0007"])
        progress.update({ endpoint, block, blocks: 2, done: block / 3 });
    progress.end();
    return text;
  }

  it("is one line that changes on a terminal, and is removed at the end", () => {
    const text = written(true);
    assert.doesNotMatch(text, /[^\P{Cc}\r]/u);
    assert.match(text, /\r 66% {2}block 2 of 2 {2}GET \/a/);
    assert.match(text, /\r +\r$/);
  });

  it("is one line for each block elsewhere", () => {
    const lines = ["warm-up (0%)", "block 1 of 2 (33%)", "block 2 of 2 (66%)"];
    assert.equal(written(false), lines.map((line) => `telltale bench: ${line}\n`).join(""));
  });
});
