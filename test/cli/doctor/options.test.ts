import assert from "node:assert/strict";
import { parseDoctorOptions } from "../../../src/cli/doctor/options.ts";

const invalid: readonly (readonly [args: readonly string[], problem: RegExp])[] = [
  [["--jsn"], /option --jsn is not known, did you mean --json\?/],
  [["node", "app.js"], /unexpected argument/],
  [["--"], /there is no command after --/],
  [["--request", "/"], /--request needs a command/],
  [["--seconds", "soon"], /--seconds: received "soon", expected seconds from 0 to 86400/],
  [["--limit", "100000"], /--limit: received "100000"/],
];

describe("The arguments of telltale doctor", () => {
  it("end at --, after which everything is the command", () => {
    const { command, requests, asJson, problems } = parseDoctorOptions([
      ...["--json", "--request", "/a", "--request", "/b"],
      ...["--", "node", "--json", "app.js"],
    ]);
    assert.deepEqual(command, ["node", "--json", "app.js"]);
    assert.deepEqual(requests, ["/a", "/b"]);
    assert.equal(asJson, true);
    assert.deepEqual(problems, []);
  });

  it("are times in seconds", () => {
    const { runMs, limitMs } = parseDoctorOptions(["--seconds", "0.5", "--limit", "2"]);
    assert.equal(runMs, 500);
    assert.equal(limitMs, 2000);
  });

  for (const [args, problem] of invalid) {
    it(`are reported if they are wrong: ${args.join(" ")}`, () => {
      assert.match(parseDoctorOptions(args).problems.join("\n"), problem);
    });
  }
});
