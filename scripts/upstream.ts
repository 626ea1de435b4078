import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./build/paths.ts";
import { upstreamFiles } from "./upstream/files.ts";

/*
 * `npm run upstream`, after an update of OpenTelemetry's instrumentations, or
 * after one of them has got an adaptor of ours: writes which modules they patch
 * and a chunk for each. A test compares what is committed with what is
 * installed.
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
