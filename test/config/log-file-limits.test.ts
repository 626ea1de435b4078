import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse.ts";
import { formatIssues } from "../../src/config/report.ts";
import { environmentOf } from "../../src/env.ts";

function limitsOf(env: Readonly<Record<string, string>>): {
  readonly sizes: readonly number[];
  readonly counts: readonly number[];
  readonly report: string;
} {
  const { config, issues } = parseConfig(environmentOf({ TELLTALE_LOG_DIR: "logs", ...env }));
  const limits = Object.values(config.logs.files?.limits ?? {});
  return {
    sizes: limits.map(({ maxBytes }) => maxBytes),
    counts: limits.map(({ maxBackups }) => maxBackups),
    report: issues.length === 0 ? "" : formatIssues(issues),
  };
}

const DEFAULT = 10_000_000;

describe("The sizes of log files", () => {
  for (const [text, bytes] of [
    ["500", 500],
    ["20MB", 20_000_000],
    ["1.5 GB", 1_500_000_000],
    ["64k", 64_000],
    ["64KiB", 65_536],
    ["2mib", 2_097_152],
    ["0", Infinity],
  ] as const) {
    it(`are ${bytes} bytes for ${text}`, () => {
      const { sizes, report } = limitsOf({ TELLTALE_LOG_MAX_SIZE: text });
      assert.deepEqual([sizes, report], [[bytes, bytes, bytes, bytes], ""]);
    });
  }

  it("can differ by file", () => {
    const { sizes, report } = limitsOf({
      TELLTALE_LOG_MAX_SIZE: "errors=1MB, 2MB,security = 3MB",
    });
    assert.deepEqual([sizes, report], [[2e6, 1e6, 2e6, 3e6], ""]);
  });

  for (const [text, problem] of [
    ["big", 'received "big", expected a size like 10MB, or errors=10MB; using 10MB'],
    ["-1", 'received "-1", expected a size like 10MB, or errors=10MB; using 10MB'],
    ["10TB", 'received "10TB", expected a size like 10MB, or errors=10MB; using 10MB'],
    [
      "error=1MB",
      'received "error=1MB", expected a file of application, errors, performance, security (did you mean errors?); using 10MB',
    ],
  ] as const) {
    it(`stay as they are for ${text}, which is reported`, () => {
      const { sizes, report } = limitsOf({ TELLTALE_LOG_MAX_SIZE: text });
      assert.deepEqual(sizes, [DEFAULT, DEFAULT, DEFAULT, DEFAULT]);
      assert.ok(report.includes(`TELLTALE_LOG_MAX_SIZE: ${problem}\n`), report);
    });
  }

  it("keep the valid entries beside an invalid one", () => {
    const { sizes, report } = limitsOf({ TELLTALE_LOG_MAX_SIZE: "1MB,errors=huge" });
    assert.deepEqual(sizes, [1e6, 1e6, 1e6, 1e6]);
    assert.match(report, /received "errors=huge", .*; using the other entries/);
  });
});

describe("The numbers of rotated log files", () => {
  it("are 5, 10, 5 and 10 by default", () => {
    assert.deepEqual(limitsOf({}).counts, [5, 10, 5, 10]);
  });

  it("can be set for all files and by file", () => {
    const { counts, report } = limitsOf({ TELLTALE_LOG_MAX_FILES: "7,security=90" });
    assert.deepEqual([counts, report], [[7, 7, 7, 90], ""]);
  });

  for (const text of ["0", "many", "1.5", "errors=0"]) {
    it(`stay as they are for ${text}, which is reported`, () => {
      const { counts, report } = limitsOf({ TELLTALE_LOG_MAX_FILES: text });
      assert.deepEqual(counts, [5, 10, 5, 10]);
      assert.match(
        report,
        /expected an integer from 1 to 100000, or errors=10; using application=5/,
      );
    });
  }
});
