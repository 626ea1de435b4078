import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./build/paths.ts";
import { upstreamFiles } from "./upstream/files.ts";

/*
 * `npm run upstream` generates the table of upstream's instrumentations and an
 * adaptor for each. Run it after an update of `auto-instrumentations-node`, or
 * after one of them was replaced by an adaptor of this project. A test compares
 * the committed files with the installed packages.
 */
const folder = join(root, "src", "instrumentation", "upstream", "generated");
rmSync(folder, { recursive: true, force: true });
const written = [...upstreamFiles()].map(([name, content]) => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
});
execFileSync(process.execPath, [join(root, "node_modules/oxfmt/bin/oxfmt"), ...written]);
process.stdout.write(`upstream: ${written.length} files written\n`);
