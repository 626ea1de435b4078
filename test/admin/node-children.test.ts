import assert from "node:assert/strict";
import { mayRunNode } from "../../src/admin/child-processes.ts";
import { isBuildProcess } from "../../src/admin/build-process.ts";

const files: readonly (readonly [string | undefined, boolean])[] = [
  [process.execPath, true],
  ["node", true],
  ["/usr/bin/node", true],
  ["C:\\Program Files\\nodejs\\node.exe", true],
  ["npm.cmd", true],
  ["/bin/sh", true],
  ["/srv/app/node_modules/.bin/nest", true],
  ["ffmpeg", false],
  ["/usr/bin/git", false],
  ["/opt/node/bin/report", false],
  ["", false],
  [undefined, false],
];

const scripts: readonly (readonly [string | undefined, boolean])[] = [
  ["/srv/app/node_modules/next/dist/bin/next build", true],
  ["/srv/app/node_modules/next/dist/bin/next start", false],
  ["/srv/app/node_modules/next/dist/bin/next dev", false],
  ["/srv/app/node_modules/next/dist/compiled/jest-worker/processChild.js", true],
  ["/srv/app/node_modules/jest-worker/build/workers/processChild.js", true],
  ["/srv/app/server.js", false],
  [undefined, false],
];

describe("A child process", () => {
  for (const [file, expected] of files) {
    it(`${expected ? "may" : "can't"} run Node as ${file}`, () => {
      assert.equal(mayRunNode(file), expected);
    });
  }
});

describe("A build process", () => {
  for (const [script, expected] of scripts) {
    it(`${expected ? "is" : "is not"} ${script}`, () => {
      const argv = script === undefined ? [] : splitCommand(script);
      assert.equal(isBuildProcess([process.execPath, ...argv]), expected);
    });
  }
});

/** The script may have spaces in its path, a command has none. */
function splitCommand(line: string): string[] {
  return line.split(/ (?=\w+$)/);
}
