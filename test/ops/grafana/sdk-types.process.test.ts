import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import assert from "node:assert/strict";
import { grafanaFiles } from "../../../src/ops/grafana/grafana-files.ts";
import { root } from "../../../scripts/node.mjs";
import { defaultOptions } from "../../../src/ops/options/ops-options.ts";
import { optionRows } from "./options.ts";

const run = promisify(execFile);

/** The types of the SDK that files of each folder have to satisfy, in every property. */
const typesOf: Readonly<Record<string, string>> = {
  dashboards: "Plain<classic.Dashboard>",
  "dashboards-v2": "Plain<Omit<resource.Manifest, 'spec'>> & { spec: Plain<v2.Dashboard> }",
};

interface Fault {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  /** What the compiler reports. */
  readonly message: RegExp;
}

const faults: readonly Fault[] = [
  {
    title: "an unknown property",
    from: '"editable"',
    to: '"editeable"',
    message: /'"editeable"' does not exist/,
  },
  {
    title: "a number instead of a text",
    from: '"title": "Telemetry"',
    to: '"title": 1',
    message: /Type 'number' is not assignable to type 'string/,
  },
  {
    title: "a mode that does not exist",
    from: '"palette-classic"',
    to: '"palette"',
    message: /'"palette"' is not assignable/,
  },
  {
    title: "a property missing",
    from: '"fiscalYearStartMonth"',
    to: '"note"',
    message: /'"note"' does not/,
  },
];

/*
 * The compiler has checked the code that writes the JSON. Here it reads the JSON as it was
 * written, against the types of the SDK alone: no property may be missing, unknown, or of
 * another type, down to the values of enumerations.
 */
describe("dashboards for Grafana", () => {
  let folder = "";

  before(async () => {
    const cache = join(root, "node_modules/.cache");
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, "dashboards-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("have the structure that the types of Grafana's SDK demand", async () => {
    await check(optionRows.flatMap(({ options }) => grafanaFiles(options).flatMap(typeScriptOf)));
  });

  for (const { title, from, to, message } of faults) {
    it(`are refused with ${title}`, async () => {
      for (const { path, text } of grafanaFiles(defaultOptions)) {
        if (!path.endsWith("/telemetry.json")) continue;
        assert.ok(text.includes(from), path);
        await assert.rejects(check(typeScriptOf({ path, text: text.replace(from, to) })), message);
      }
    });
  }

  async function check(constants: readonly string[]): Promise<void> {
    const file = join(folder, "dashboards.ts");
    await writeFile(file, [HEADER, ...constants].join("\n"));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const flags = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--ignoreConfig",
      "--allowImportingTsExtensions",
    ];
    const modules = ["--module", "nodenext", "--target", "es2023", "--types", ""];
    const { stdout, error } = await run(process.execPath, [tsc, ...flags, ...modules, file]).then(
      () => ({ stdout: "", error: undefined }),
      (error: unknown) => ({ stdout: (error as { readonly stdout: string }).stdout, error }),
    );
    if (error !== undefined) throw new Error(stdout.slice(0, 2000));
  }
});

const HEADER = `import type * as classic from "@grafana/grafana-foundation-sdk/dashboard";
import type * as v2 from "@grafana/grafana-foundation-sdk/dashboardv2";
import type * as resource from "@grafana/grafana-foundation-sdk/resource";
import type { Plain } from ${JSON.stringify(join(root, "src/ops/grafana/json/plain.ts"))};`;

function typeScriptOf({ path, text }: { readonly path: string; readonly text: string }): string[] {
  const type = typesOf[path.split("/")[1] ?? ""];
  return type === undefined ? [] : [`({ value: ${text} }) satisfies { value: ${type} };`];
}
