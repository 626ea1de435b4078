import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Name and version of a real process, from the files around its script. */
describe("The service's name and version in a real process", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), "telltale-resource-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  interface Row {
    readonly title: string;
    /** Relative paths and contents. */
    readonly files: Readonly<Record<string, string>>;
    readonly run: readonly string[];
    /** The working directory, relative to the files. */
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly name: string;
    readonly version: string | undefined;
    readonly commit?: string;
  }

  const commit = "1f".repeat(20);
  const shop = JSON.stringify({ name: "shop", version: "1.2.3" });

  const rows: readonly Row[] = [
    {
      title: "are those of the package.json beside the script",
      files: { "package.json": shop, "app.js": "" },
      run: ["app.js"],
      name: "shop",
      version: "1.2.3",
    },
    {
      title: "are found from deep inside the package, in any working directory",
      files: { "shop/package.json": shop, "shop/dist/src/bin/app.js": "", "cwd/x": "" },
      run: ["../shop/dist/src/bin/app.js"],
      cwd: "cwd",
      name: "shop",
      version: "1.2.3",
    },
    {
      title: "are not those of a package.json without a name",
      files: {
        "package.json": shop,
        "dist/package.json": '{"type":"commonjs"}',
        "dist/app.js": "",
      },
      run: ["dist/app.js"],
      name: "shop",
      version: "1.2.3",
    },
    {
      title: "may be a scoped name and no version",
      files: { "package.json": '{"name":"@acme/shop"}', "app.js": "" },
      run: ["app.js"],
      name: "@acme/shop",
      version: undefined,
    },
    {
      title: "are found for a script without its extension",
      files: { "package.json": shop, "app.js": "" },
      run: ["./app"],
      name: "shop",
      version: "1.2.3",
    },
    {
      title: "are found for a folder",
      files: { "package.json": shop, "index.js": "" },
      run: ["."],
      name: "shop",
      version: "1.2.3",
    },
    {
      title: "are the app's if a tool from node_modules runs it",
      files: {
        "package.json": shop,
        "node_modules/tool/package.json": '{"name":"tool"}',
        "node_modules/tool/cli.js": "",
      },
      run: ["node_modules/tool/cli.js"],
      name: "shop",
      version: "1.2.3",
    },
    {
      title: "come with the commit of the repository around them",
      files: { "shop/package.json": shop, "shop/src/app.js": "", ".git/HEAD": `${commit}\n` },
      run: ["shop/src/app.js"],
      name: "shop",
      version: "1.2.3",
      commit,
    },
    {
      title: "are unknown without a script",
      files: { "package.json": shop },
      run: ["--eval", "0"],
      name: "unknown_service:node",
      version: undefined,
    },
    {
      title: "are those of the environment, if set",
      files: { "package.json": shop, "app.js": "" },
      run: ["app.js"],
      env: {
        OTEL_SERVICE_NAME: "pay",
        OTEL_RESOURCE_ATTRIBUTES: "service.version=9,service.name=x",
      },
      name: "pay",
      version: "9",
    },
    {
      title: "are the environment's name and the package's version, if only the name is set",
      files: { "package.json": shop, "app.js": "" },
      run: ["app.js"],
      env: { OTEL_SERVICE_NAME: "pay" },
      name: "pay",
      version: "1.2.3",
    },
  ];

  for (const [index, row] of rows.entries()) {
    it(row.title, function () {
      const home = join(folder, String(index));
      place(home, row.files);
      const attributes = attributesOf(row.run, join(home, row.cwd ?? ""), row.env ?? {});
      assert.equal(attributes["service.name"], row.name);
      assert.equal(attributes["service.version"], row.version);
      assert.equal(attributes["vcs.ref.head.revision"], row.commit);
    });
  }

  it("are found through a symbolic link to the script", () => {
    const home = join(folder, "linked");
    place(home, { "shop/package.json": shop, "shop/app.js": "", "bin/x": "" });
    symlinkSync(join(home, "shop/app.js"), join(home, "bin/shop"));
    assert.equal(attributesOf(["bin/shop"], home, {})["service.name"], "shop");
  });

  it("come without arguments of the command, which may be secret", () => {
    const home = join(folder, "secret");
    place(home, { "package.json": shop, "app.js": "" });
    const attributes = attributesOf(["app.js", "--password=hunter2"], home, { API_KEY: "hunter2" });
    assert.doesNotMatch(JSON.stringify(attributes), /hunter2/);
    assert.equal(attributes["process.command"], join(home, "app.js"));
  });

  it("come with one instance id for each process", () => {
    const home = join(folder, "twice");
    place(home, { "package.json": shop, "app.js": "" });
    const ids = [1, 2].map(() => attributesOf(["app.js"], home, {})["service.instance.id"]);
    assert.equal(new Set(ids).size, 2);
  });
});

function place(home: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
}

function attributesOf(
  run: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const print = new URL("./print.ts", import.meta.url).href;
  const output = execFileSync(process.execPath, ["--import", print, ...run], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    encoding: "utf8",
  });
  return JSON.parse(output.split("\n")[0] ?? "") as Readonly<Record<string, unknown>>;
}
