import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./build/places.ts";
import { benchTable } from "./readme/bench.ts";
import { librariesTable } from "./readme/libraries.ts";
import { blockIn, withBlock } from "./readme/marks.ts";
import { metricsTables } from "./readme/metrics.ts";
import { picture } from "./readme/picture.ts";
import { lasting } from "./readme/sameness.ts";
import { throughput } from "./readme/throughput.ts";
import { variablesTable } from "./readme/variables.ts";

/*
 * `npm run readme`: writes the blocks of README.md, of docs/ and of the Collector's
 * README that are made of something else; `-- libraries` only that block. With
 * `-- --check` it writes nothing and says what is out of step (exit code 1).
 */

interface Block {
  /** Of the marks around it. */
  readonly name: string;
  /** Where it stands; default: README.md. */
  readonly file?: string;
  /** Undefined: there is nothing to make it of yet, and the block stays as it is. */
  readonly make: () => string | undefined | Promise<string | undefined>;
  /** What must be the same for the block to be in step. */
  readonly essence: (content: string) => string;
}

const same = (content: string): string => content.trim();

const blocks: readonly Block[] = [
  { name: "variables", make: variablesTable, essence: same },
  { name: "libraries", make: librariesTable, essence: same },
  { name: "bench", make: benchTable, essence: same },
  { name: "metrics", file: "docs/metrics.md", make: metricsTables, essence: same },
  { name: "picture", make: picture, essence: lasting },
  { name: "throughput", file: "collector/README.md", make: throughput, essence: same },
];

const args = process.argv.slice(2);
const named = blocks.filter(({ name }) => args.includes(name));
process.exitCode = await run(args.includes("--check"), named.length > 0 ? named : blocks);

async function run(check: boolean, blocks: readonly Block[]): Promise<number> {
  const stale: string[] = [];
  for (const { name, make, essence, file = "README.md" } of blocks) {
    const content = await make();
    if (content === undefined) continue;
    const path = join(root, file);
    const text = readFileSync(path, "utf8");
    if (essence(blockIn(text, name) ?? "") === essence(content)) continue;
    stale.push(name);
    if (!check) writeFileSync(path, withBlock(text, name, content));
  }
  if (stale.length === 0) return 0;
  say(`${stale.join(", ")} ${check ? "out of step; npm run readme" : "written"}`);
  return check ? 1 : 0;
}

function say(text: string): void {
  process.stderr.write(`readme: ${text}\n`);
}
