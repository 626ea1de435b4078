import { spawnSync } from "node:child_process";
import { runInForeground } from "./foreground.mjs";
import { installForStart, log } from "./install.mjs";
import { buildNode, environmentOf, root } from "./node.mjs";

/*
 * `npm start`: installs what is missing, builds what has changed, runs the
 * demo. Plain JavaScript: this runs on the machine's Node, whatever its age.
 */
process.chdir(root);
log(`npm start, on Node ${process.versions.node}`);
await installForStart();
const node = buildNode() ?? process.execPath;
log("build");
const built = spawnSync(node, ["scripts/build.ts", "--quiet"], {
  stdio: "inherit",
  env: environmentOf(node),
});
if (built.status === 0) {
  log("demo");
  runInForeground(node, ["dist/cli.js", "demo", ...process.argv.slice(2)]);
} else {
  process.exitCode = 1;
}
