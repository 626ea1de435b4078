import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { formatMegabytes } from "./build.ts";
import { modulesOf } from "./generate.ts";
import { collector, manifest } from "./paths.ts";
import { type Sizes, type BinaryVariant, writeSizesFile } from "./sizes.ts";

const readme = join(collector, "README.md");
const BEGIN = "<!-- sizes: written by `npm run collector -- --sizes` -->";
const END = "<!-- /sizes -->";

/** Writes the figures and the table in the README. */
export async function writeSizes(sizes: Sizes): Promise<void> {
  await writeSizesFile(sizes);
  const table = sizesTable(sizes, await readFile(manifest, "utf8"));
  const text = await readFile(readme, "utf8");
  const [before, rest] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before === -1 || rest === -1) throw new Error(`${readme} has no block of sizes`);
  await writeFile(readme, `${text.slice(0, before)}${BEGIN}\n\n${table}\n\n${text.slice(rest)}`);
}

/** Returns the block of the README. */
export function sizesTable(sizes: Sizes, manifestText: string): string {
  const total = modulesOf(manifestText).length;
  const of = (kind: BinaryVariant["kind"]): readonly BinaryVariant[] =>
    sizes.variants.filter((variant) => variant.kind === kind);
  const saves = of("without").map(({ what, binary }) => [what, sizes.binary - binary] as const);
  const costs = of("with").map(({ what, binary }) => [what, binary - sizes.binary] as const);
  const other = of("built").map(({ what, binary }) => [what, binary - sizes.binary] as const);
  return [
    `The binary with its ${total} modules: **${formatMegabytes(sizes.binary)}**, ${formatMegabytes(sizes.gzipped)} gzipped (${sizes.go}).`,
    "",
    "| component | what it adds to the binary |",
    "| --- | ---: |",
    ...costRows(saves),
    "",
    "| left out | what it would add |",
    "| --- | ---: |",
    ...costRows(costs),
    "",
    "| built otherwise | what it would add |",
    "| --- | ---: |",
    ...costRows(other),
  ].join("\n");
}

/** Sorts by size, the largest first. */
function costRows(costs: readonly (readonly [string, number])[]): readonly string[] {
  return costs
    .toSorted(([, one], [, other]) => other - one)
    .map(
      ([what, bytes]) =>
        `| ${what.split(" + ").map(componentName).join(" with ")} | ${formatMegabytes(bytes)} |`,
    );
}

function componentName(what: string): string {
  return what.includes(" ") ? what : `\`${basename(what)}\``;
}
