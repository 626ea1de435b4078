import { runInForeground } from "./foreground.mjs";
import { installForTest, log } from "./install.mjs";
import { buildNode, root } from "./node.mjs";

/*
 * `npm test`: installs what is missing, then runs every stage of `test.ts`
 * with the pinned Node. Plain JavaScript: this runs on the machine's Node,
 * whatever its age.
 */
process.chdir(root);
log(`npm test, on Node ${process.versions.node}`);
await installForTest();
runInForeground(buildNode() ?? process.execPath, ["scripts/test.ts", ...process.argv.slice(2)]);
