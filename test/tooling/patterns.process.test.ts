import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/build/paths.ts";

interface PatternCase {
  readonly title: string;
  readonly text: string;
  /** Expected error; none: the pattern is accepted. */
  readonly error?: RegExp;
}

const patternCases: readonly PatternCase[] = [
  {
    title: "rejects a pattern of quadratic time, with its location",
    text: `export const first = 1;\nexport const bad = /: ".*"$/s;\n`,
    error: /^src\/planted\/bad\.ts:2: \/: "\.\*"\$\/s is 2nd degree polynomial/,
  },
  {
    title: "rejects a pattern of exponential time",
    text: `export const isBad = (text: string): boolean => /^(a|a)*$/.test(text);\n`,
    error: /^src\/planted\/bad\.ts:1: .* is exponential/,
  },
  {
    title: "rejects a pattern that is composed of unknown parts",
    text: `export const made = (part: string): RegExp => new RegExp(part + "*");\n`,
    error: /^src\/planted\/bad\.ts:1: a pattern composed at run time/,
  },
  {
    title: "accepts patterns of linear time",
    text: `export const good = [/^[^"]*$/, /a{1,300}$/, /\\bb\\b/] satisfies RegExp[];\n`,
  },
];

describe("The check of regular expressions", function () {
  let project: string;
  before(async () => {
    project = await mkdtemp(join(tmpdir(), "telltale-patterns-"));
  });
  after(() => rm(project, { recursive: true }));

  for (const { title, text, error } of patternCases) {
    it(title, async () => {
      const file = join(project, "src", "planted", "bad.ts");
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
      const { code, stderr } = await runCheck(project);
      assert.equal(code, error === undefined ? 0 : 1, stderr);
      assert.match(stderr, error ?? /^$/);
    });
  }
});

async function runCheck(folder: string): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, "scripts/patterns.ts"), folder], (error, _, stderr) =>
      resolve({ code: error === null ? 0 : 1, stderr }),
    );
  });
}
