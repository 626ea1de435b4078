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
  ["/srv/app/node_modules/.bin/next dev", true],
  ["/srv/app/node_modules/next/dist/bin/next build", true],
  ["/srv/app/node_modules/next/dist/bin/next", true],
  ["/srv/app/node_modules/next/dist/bin/next start", false],
  ["/srv/app/node_modules/next/dist/server/lib/start-server.js", false],
  ["/srv/app/node_modules/next/dist/compiled/jest-worker/processChild.js", true],
  ["/srv/app/node_modules/jest-worker/build/workers/processChild.js", true],
  [undefined, false],
];

describe("A program that starts the app", () => {
  for (const [script, expected] of scripts) {
    it(`${expected ? "is" : "is not"} ${script}`, () => {
      const argv = script === undefined ? [] : splitCommand(script);
      assert.equal(isLauncher([process.execPath, ...argv]), expected);
    });
  }
});

/** The script may have spaces in its path, a command has none. */
function splitCommand(line: string): string[] {
  return line.split(/ (?=\w+$)/);
}
