import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/node.mjs";

/**
 * Returns a block of a page of documentation, which follows the comment
 * `<!-- platforms: NAME -->`, so that the tests run what the page has.
 */
export function recipe(page: string, name: string): string {
  const text = readFileSync(join(root, "docs", page), "utf8");
  const start = text.indexOf(`<!-- platforms: ${name} -->`);
  const block = /```\w*\n([^]*?)\n```/.exec(start === -1 ? "" : text.slice(start));
  if (block?.[1] === undefined) throw new Error(`docs/${page} has no block ${name}`);
  return `${block[1]}\n`;
}

/** Returns the variables of a container as Docker has them: `NAME=value`. */
export function variablesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}
