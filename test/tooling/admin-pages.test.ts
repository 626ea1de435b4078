import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/node.mjs";

/** A request to the admin port that fails if the port is not open yet. */
const EAGER_REQUEST = /\bfetch\(\s*`https?:\/\/[\w.]+:\$\{(?:this\.#?|\w+\.)?adminPort\}/;

describe("A test that requests a page of a preloaded process", () => {
  it("waits for its port by adminPage, since the process may have printed a line before", () => {
    const eagerText = ["await fetch(`http://127.0.0.1:", "${this.#adminPort}/metrics`)"].join("");
    assert.match(eagerText, EAGER_REQUEST);
    const files = globSync("test/**/*.ts", { cwd: root, exclude: ["**/node_modules/**"] });
    assert.ok(files.length > 100);
    const eager = files.filter((file) =>
      EAGER_REQUEST.test(readFileSync(join(root, file), "utf8")),
    );
    assert.deepEqual(eager, []);
  });
});
