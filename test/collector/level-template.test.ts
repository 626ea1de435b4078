import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { levelNames, UNKNOWN_LEVEL } from "../../src/ops/logs/level.ts";
import { generatedFile } from "../ops/logs/generated.ts";

const run = promisify(execFile);

/**
 * Executes a template as the stage `template` of Alloy and Promtail does, for each level that is
 * an argument; an empty one stands for a line without a level.
 */
const PROGRAM = `package main

import (
	"fmt"
	"os"
	"strings"
	"text/template"
)

func main() {
	functions := template.FuncMap{"ToLower": strings.ToLower}
	stage := template.Must(template.New("stage").Funcs(functions).Parse(os.Args[1]))
	for _, level := range os.Args[2:] {
		data := map[string]any{}
		if level != "" {
			data["Value"] = level
		}
		if err := stage.Execute(os.Stdout, data); err != nil {
			panic(err)
		}
		fmt.Println()
	}
}
`;

describe("The template of levels for Loki", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "telltale-level-template-"));
    writeFileSync(join(folder, "main.go"), PROGRAM);
  });
  after(() => rmSync(folder, { recursive: true }));

  const templates: readonly (readonly [path: string, template: (text: string) => string])[] = [
    ["alloy/lines.alloy", (text) => JSON.parse(/^ +template = (".*")$/m.exec(text)![1]!) as string],
    ["promtail/files.yaml", promtailTemplate],
    ["promtail/docker.yaml", promtailTemplate],
    ["promtail/kubernetes.yaml", promtailTemplate],
  ];

  for (const [path, templateIn] of templates) {
    it(`in ${path} reduces all names to few, by Go's text/template`, async () => {
      const expected = new Map<string, string>([
        ...Object.entries(levelNames).flatMap(([level, names]) =>
          names.flatMap((name): [string, string][] => [
            [name, level],
            [name.toUpperCase(), level],
          ]),
        ),
        ["audited", UNKNOWN_LEVEL],
        ['{"a":1}', UNKNOWN_LEVEL],
        ["", UNKNOWN_LEVEL],
      ]);
      const levels = [...expected.keys()];
      const args = ["run", "main.go", templateIn(generatedFile(path)), ...levels];
      const { stdout } = await run("go", args, { cwd: folder });
      const results = stdout.trimEnd().split("\n");
      assert.deepEqual(new Map(levels.map((level, index) => [level, results[index]])), expected);
    });
  }
});

function promtailTemplate(text: string): string {
  const { scrape_configs } = parse(text) as {
    scrape_configs: { pipeline_stages: { template?: { template: string } }[] }[];
  };
  const stages = scrape_configs[0]!.pipeline_stages;
  return stages.find((stage) => stage.template !== undefined)!.template!.template;
}
