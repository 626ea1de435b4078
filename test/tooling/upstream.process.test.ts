import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cache } from "../../scripts/build/paths.ts";
import { root } from "../../scripts/node.mjs";
import { replacedInstrumentations } from "../../scripts/upstream/choice.ts";
import { upstreamFiles } from "../../scripts/upstream/files.ts";
import { upstreamInstrumentations } from "../../scripts/upstream/modules.ts";
import { libraryRows } from "../../src/instrumentation/table.ts";
import { upstreamRows } from "../../src/instrumentation/upstream/generated/rows.ts";

describe("The generated table of upstream instrumentations", () => {
  let folder: string;
  before(async () => {
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(join(cache, "upstream-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("matches the installed packages", async () => {
    const files = upstreamFiles();
    for (const [name, content] of files) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    const oxfmt = join(root, "node_modules/oxfmt/bin/oxfmt");
    const paths = [...files.keys()].map((name) => join(folder, name));
    const config = ["--config", join(root, ".oxfmtrc.json"), "--with-node-modules"];
    await promisify(execFile)(process.execPath, [oxfmt, ...config, ...paths]);
    const committed = join(root, "src", "instrumentation", "upstream", "generated");
    for (const name of files.keys()) {
      const [made, there] = [folder, committed].map((place) =>
        readFileSync(join(place, name), "utf8"),
      );
      assert.equal(there, made, `${name}: npm run upstream`);
    }
    const chunks = globSync("*.ts", { cwd: committed });
    assert.deepEqual(
      chunks.filter((name) => !files.has(name.replaceAll("\\", "/"))),
      [],
      "left over: npm run upstream",
    );
  });

  it("has every instrumentation without a replacement, and no other", () => {
    const own = new Set(libraryRows.map(({ instrumentation }) => instrumentation));
    const adopted = new Set(upstreamRows.map(({ instrumentation }) => instrumentation));
    for (const { name } of upstreamInstrumentations()) {
      assert.equal(adopted.has(name), !own.has(name) && !(name in replacedInstrumentations), name);
    }
  });
});
