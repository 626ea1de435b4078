import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./build/paths.ts";
import { benchTable } from "./readme/bench.ts";
import { librariesTable } from "./readme/libraries.ts";
import { readBlock, replaceBlock } from "./readme/marks.ts";
import { metricsTables } from "./readme/metrics.ts";
import { demoOutput } from "./readme/demo-output.ts";
import { withoutVolatileParts } from "./readme/volatile-parts.ts";
import { throughputBlock } from "./readme/throughput.ts";
import { variablesTable } from "./readme/variables.ts";

/*
 * `npm run readme`: writes the blocks of README.md, of docs/ and of the Collector's
 * README that are made of something else; `-- libraries` only that block. With
 * `-- --check` it writes nothing and says what is out of step (exit code 1).
 */

interface GeneratedBlock {
  /** Of the marks around it. */
  readonly name: string;
  /** Where it stands; default: README.md. */
  readonly file?: string;
  /** Undefined: there is nothing to make it of yet, and the block stays as it is. */
  readonly render: () => string | undefined | Promise<string | undefined>;
  /** What must be the same for the block to be in step. */
  readonly comparable: (content: string) => string;
}

const trimmed = (content: string): string => content.trim();

const blocks: readonly GeneratedBlock[] = [
  { name: "variables", render: variablesTable, comparable: trimmed },
  { name: "libraries", render: librariesTable, comparable: trimmed },
  { name: "bench", render: benchTable, comparable: trimmed },
  { name: "metrics", file: "docs/metrics.md", render: metricsTables, comparable: trimmed },
  { name: "picture", render: demoOutput, comparable: withoutVolatileParts },
  { name: "throughput", file: "collector/README.md", render: throughputBlock, comparable: trimmed },
];

const args = process.argv.slice(2);
const named = blocks.filter(({ name }) => args.includes(name));
process.exitCode = await run(args.includes("--check"), named.length > 0 ? named : blocks);

async function run(check: boolean, blocks: readonly GeneratedBlock[]): Promise<number> {
  const stale: string[] = [];
  for (const { name, render, comparable, file = "README.md" } of blocks) {
    const content = await render();
    if (content === undefined) continue;
    const path = join(root, file);
    const text = readFileSync(path, "utf8");
    if (comparable(readBlock(text, name) ?? "") === comparable(content)) continue;
    stale.push(name);
    if (!check) writeFileSync(path, replaceBlock(text, name, content));
  }
  if (stale.length === 0) return 0;
  report(`${stale.join(", ")} ${check ? "out of step; npm run readme" : "written"}`);
  return check ? 1 : 0;
}

function report(text: string): void {
  process.stderr.write(`readme: ${text}\n`);
}
