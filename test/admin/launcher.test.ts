import assert from "node:assert/strict";
import { isLauncher } from "../../src/admin/launcher.ts";

const scripts: readonly (readonly [string | undefined, boolean])[] = [
  ["/usr/lib/node_modules/npm/bin/npm-cli.js", true],
  ["/usr/lib/node_modules/npm/bin/npx-cli.js", true],
  ["/usr/bin/npm", true],
  ["/usr/local/bin/yarn", true],
  ["/opt/corepack/dist/yarn.js", true],
  ["/srv/app/node_modules/.bin/tsx", true],
  ["/srv/app/node_modules/tsx/dist/cli.mjs", true],
  ["/srv/app/node_modules/nodemon/bin/nodemon.js", true],
  ["C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js", true],
  ["/srv/app/server.js", false],
  ["/srv/npm/server.js", false],
  ["/srv/app/bin/npm-report.js", false],
  ["/srv/tsx/src/index.ts", false],
  ["/srv/yarn-shop/dist/main.js", false],
  [undefined, false],
];

describe("A program that starts the app", () => {
  for (const [script, expected] of scripts) {
    it(`${expected ? "is" : "is not"} ${script}`, () => {
      assert.equal(isLauncher(script), expected);
    });
  }
});
