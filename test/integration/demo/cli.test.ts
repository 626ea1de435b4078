import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Program } from "../program.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));
const manifest = new URL("../../../package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };

interface Row {
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout: RegExp;
  readonly stderr: RegExp;
}

const help =
  /^telltale \d+\.\d+\.\d+\n\n {2}telltale demo \[--once\] \[--viewer\] [^]*node --import telltale\/register app\.js\n$/;
const nothing = /^$/;

const rows: readonly Row[] = [
  { args: [], code: 0, stdout: help, stderr: nothing },
  { args: ["--help"], code: 0, stdout: help, stderr: nothing },
  { args: ["--version"], code: 0, stdout: new RegExp(`^${version}\n$`), stderr: nothing },
  {
    args: ["dmeo"],
    code: 2,
    stdout: nothing,
    stderr: /^telltale: unknown command "dmeo"; see telltale --help\n$/,
  },
  {
    args: ["--verbose"],
    code: 2,
    stdout: nothing,
    stderr: /^telltale: unknown command "--verbose"; see telltale --help\n$/,
  },
  {
    args: ["demo", "--twice"],
    code: 2,
    stdout: nothing,
    stderr: /^telltale: Unknown option '--twice'[^\n]*\n$/,
  },
];

describe("The program", () => {
  for (const row of rows) {
    it(`exits with ${row.code} for: telltale ${row.args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await new Program({ file: cli, args: row.args }).ended;
      assert.equal(code, row.code);
      assert.match(stdout, row.stdout);
      assert.match(stderr, row.stderr);
    });
  }

  it("has no line of more than 80 columns in its help", async () => {
    const { stdout } = await new Program({ file: cli, args: ["--help"] }).ended;
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.length > 80),
      [],
    );
  });
});
