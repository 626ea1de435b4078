import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Event } from "@sentry/core";
import { ModuleVersions } from "../../../src/errors/event-data/module-versions.ts";

describe("The modules of an event", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "telltale-modules-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const write = async (path: string, content: unknown): Promise<void> => {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  };
  const modulesOf = async (script: string): Promise<unknown> => {
    const event: Event = {};
    await new ModuleVersions(join(root, script)).add(event);
    return event.modules;
  };

  it("are the dependencies of the app, with their installed versions", async () => {
    await write("package.json", {
      name: "shop",
      dependencies: { express: "^5.0.0", "@till/core": "*", absent: "1.0.0", broken: "1.0.0" },
      optionalDependencies: { optional: "1.x" },
      devDependencies: { mocha: "12.0.0" },
    });
    await write("node_modules/express/package.json", { version: "5.1.0" });
    await write("node_modules/@till/core/package.json", { version: "2.0.0-rc.1" });
    await write("node_modules/optional/package.json", { version: "1.2.3" });
    await write("node_modules/mocha/package.json", { version: "12.0.0" });
    await write("node_modules/broken/package.json", "{");
    assert.deepEqual(await modulesOf("dist/main.js"), {
      optional: "1.2.3",
      express: "5.1.0",
      "@till/core": "2.0.0-rc.1",
    });
  });

  it("are found above the package, as in a workspace", async () => {
    await write("package.json", { name: "root" });
    await write("apps/shop/package.json", {
      name: "shop",
      dependencies: { express: "*", own: "*" },
    });
    await write("node_modules/express/package.json", { version: "5.1.0" });
    await write("node_modules/own/package.json", { version: "1.0.0" });
    await write("apps/shop/node_modules/own/package.json", { version: "2.0.0" });
    assert.deepEqual(await modulesOf("apps/shop/main.js"), { express: "5.1.0", own: "2.0.0" });
  });

  it("are not there without a package, or with a malformed one", async () => {
    assert.equal(await modulesOf("main.js"), undefined);
    await write("package.json", { name: "shop", dependencies: ["express"] });
    assert.equal(await modulesOf("main.js"), undefined);
    await write("package.json", { name: "shop", dependencies: "express" });
    assert.equal(await modulesOf("main.js"), undefined);
  });

  it("are at most 300", async () => {
    const names = Array.from({ length: 400 }, (_, at) => `module-${at}`);
    const dependencies = Object.fromEntries(names.map((name) => [name, "1.0.0"]));
    await write("package.json", { name: "shop", dependencies });
    await Promise.all(
      names.map((name) => write(`node_modules/${name}/package.json`, { version: "1.0.0" })),
    );
    assert.equal(Object.keys((await modulesOf("main.js")) as object).length, 300);
  });

  it("are read once, and are those that the app has added too", async () => {
    await write("package.json", { name: "shop", dependencies: { a: "*" } });
    await write("node_modules/a/package.json", { version: "1.0.0" });
    const versions = new ModuleVersions(join(root, "main.js"));
    const first: Event = {};
    assert.equal(versions.addCached(first), false);
    versions.addSync(first, Infinity);
    await rm(join(root, "node_modules"), { recursive: true });
    const second: Event = { modules: { own: "3.0.0", a: "2.0.0" } };
    assert.equal(versions.addCached(second), true);
    assert.deepEqual(
      [first.modules, second.modules],
      [{ a: "1.0.0" }, { a: "2.0.0", own: "3.0.0" }],
    );
  });

  it("are left out if there is no time", async () => {
    await write("package.json", { name: "shop", dependencies: { a: "*" } });
    const event: Event = {};
    new ModuleVersions(join(root, "main.js")).addSync(event, 0);
    assert.equal(event.modules, undefined);
  });
});
