import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOpsConfig } from "../../../../src/cli/ops/config-file.ts";
import { defaultOptions } from "../../../../src/ops/options/ops-options.ts";

describe("Objectives of telltale.ops.yaml", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-ops-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function read(text: string): ReturnType<typeof parseOpsConfig> {
    return parseOpsConfig(join(folder, "telltale.ops.yaml"), text);
  }

  it("are availability and latency without a section", () => {
    const { options, problems } = read("team: web\n");
    assert.deepEqual(problems, []);
    assert.deepEqual(options.objectives, defaultOptions.objectives);
    assert.deepEqual(
      options.objectives.map(({ indicator }) => indicator.kind),
      ["availability", "latency"],
    );
  });

  it("are those of the section, and of files beside it", () => {
    writeFileSync(
      join(folder, "sloth.yaml"),
      "version: prometheus/v1\nservice: shop\nslos: [{ name: b, objective: 99, sli: { raw: { error_ratio_query: 'x[{{.window}}]' } } }]\n",
    );
    const own = "{ name: a, objective: 99, availability: }";
    const { options, problems } = read(`slo: { from: sloth.yaml, objectives: [${own}] }\n`);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      options.objectives.map(({ name }) => name),
      ["b", "a"],
    );
  });

  it("are refused with the lines of the section and of its files", () => {
    writeFileSync(join(folder, "sloth.yaml"), "version: prometheus/v2\n");
    const { problems } = read("slo:\n  from: [sloth.yaml, none.yaml]\n  periods: 3d\n");
    assert.equal(problems.length, 3);
    assert.match(problems[0] ?? "", /telltale\.ops\.yaml:2: slo\.from: none\.yaml can't be read/);
    assert.match(problems[1] ?? "", /telltale\.ops\.yaml:3: slo\.periods: the key is not known/);
    assert.match(problems[2] ?? "", /^sloth\.yaml:1: version: received "prometheus\/v2"/);
  });
});
