import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { root } from "../../scripts/node.mjs";

const runs = [
  {
    title: "counts passed and failed tests",
    file: "one-of-each.ts",
    last: "1 passed, 1 failed",
  },
  { title: "counts a killed run as failed", file: "dies.ts", last: "0 passed, 1 failed" },
  {
    title: "counts a file that does not load as failed",
    file: "does-not-load.ts",
    last: "0 passed, 1 failed",
  },
];

describe("`npm test`", () => {
  for (const { title, file, last } of runs) {
    it(title, async () => {
      const { code, stdout } = await runUnit(join("test/tooling/fixtures", file));
      assert.equal(stdout.trimEnd().split("\n").at(-1), last);
      assert.equal(code, 1);
    });
  }

  it("repeats failed tests and their errors at its end", async () => {
    const { stdout } = await runUnit("test/tooling/fixtures/one-of-each.ts");
    const end = stdout.slice(stdout.lastIndexOf("failed: unit"));
    assert.match(end, /^unit: .*\n.*Error/mu);
  });

  it("adds the causes of errors, and the state of the programs that ran", async () => {
    const { stdout } = await runUnit("test/tooling/fixtures/dead-program.ts");
    const end = stdout.slice(stdout.lastIndexOf("failed: unit"));
    assert.match(end, /Error: no answer\n[^]*caused by: Error: the socket was closed\n/);
    assert.match(end, /the program has ended with 7: .*crashing\.mjs\nout of stock\n/);
    assert.match(end, /the program still runs: .*waiting\.mjs\n/);
  });
});

function runUnit(file: string): Promise<{ code: unknown; stdout: string }> {
  return new Promise((resolve) => {
    const args = ["scripts/test.ts", "unit", file];
    execFile(process.execPath, args, { cwd: root }, (error, stdout) => {
      resolve({ code: error?.code ?? 0, stdout });
    });
  });
}
