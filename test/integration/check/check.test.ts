import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ProductionId, productionRows } from "../../../src/cli/check/production-rows.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { Program, type ProgramResult } from "../program.ts";
import { type CheckRow, packageJson, rows } from "./rows.ts";

const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

/** The environment of an app that is ready for production. */
const env = {
  NODE_ENV: "production",
  OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.com",
  OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
  OTEL_TRACES_SAMPLER_ARG: "0.1",
  SENTRY_DSN: "https://key@sentry.example.com/1",
};

const files: Readonly<Record<string, string>> = {
  "package.json": packageJson(),
  "app.js": `const { addHealthCheck } = require("telltale");\naddHealthCheck({ name: "db", run() {} });`,
  Dockerfile: `FROM node:24\nHEALTHCHECK CMD ["npx", "telltale", "health"]\n`,
};

describe("telltale check --production", () => {
  /** The set-up, which each test copies. */
  let ready: string;

  before(async () => {
    ready = mkdtempSync(join(tmpdir(), "telltale-check-"));
    for (const [path, text] of Object.entries(files)) writeFileSync(join(ready, path), text);
    const { code, stderr } = await new Program({ file: cli, args: ["ops"], cwd: ready }).ended;
    assert.equal(code, 0, stderr);
  });

  after(() => rmSync(ready, { recursive: true, force: true }));

  async function check(row: Partial<CheckRow>): Promise<ProgramResult> {
    const folder = mkdtempSync(join(tmpdir(), "telltale-check-"));
    try {
      cpSync(ready, folder, { recursive: true });
      for (const [path, text] of Object.entries(row.files ?? {})) {
        if (text === undefined) rmSync(join(folder, path), { recursive: true, force: true });
        else writeFileSync(join(folder, path), text);
      }
      const args = ["check", "--production", "--json"];
      return await new Program({ file: cli, args, cwd: folder, env: { ...env, ...row.env } }).ended;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it("finds nothing in an app that is ready", async () => {
    const { code, stdout } = await check({});
    assert.deepEqual(JSON.parse(stdout), { status: "done", findings: [] });
    assert.equal(code, 0);
  });

  for (const row of rows) {
    it(`finds ${row.title}, and what to do`, async () => {
      const { code, stdout, stderr } = await check(row);
      const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding<string>[] };
      const found = findings.find(({ id }) => id === row.finds);
      assert.ok(found, `${stdout}${stderr}`);
      assert.match(found.message, row.message ?? /./);
      assert.match(found.remedy, row.remedy);
      assert.equal(found.severity, productionRows[row.finds].severity);
      assert.equal(code, findings.every(({ severity }) => severity === "info") ? 0 : 1);
      assert.doesNotMatch(stdout, /\{\w+\}|undefined|s3cr3t/);
    });
  }

  it("has a set-up for each point of the checklist", () => {
    const found = new Set<ProductionId>(rows.map(({ finds }) => finds));
    assert.deepEqual(
      Object.keys(productionRows).filter((id) => !found.has(id as ProductionId)),
      [],
    );
  });

  it("finds what doctor finds in the environment, too", async () => {
    const { stdout } = await check({ env: { OTEL_TRACES_SAMPLR: "always_on" } });
    assert.match(stdout, /variable-misspelt/);
  });

  it("is readable without --json", async () => {
    const args = ["check", "--production"];
    const { stdout, code } = await new Program({ file: cli, args, cwd: ready, env }).ended;
    assert.equal(stdout, "Nothing found.\n");
    assert.equal(code, 0);
  });

  it("reports wrong use", async () => {
    const { code, stderr } = await new Program({ file: cli, args: ["check"] }).ended;
    assert.equal(stderr, "telltale: there is no checklist: telltale check --production\n");
    assert.equal(code, 2);
  });
});
