import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { LibraryRow } from "../../test/libraries/row.ts";
import { root } from "../build/paths.ts";
import { untestedPackages } from "../upstream/choice.ts";

const LIBRARIES = "test/libraries";

/** A line of the tests of libraries, and which version it ran. */
export interface SupportRow extends LibraryRow {
  /** What the group's package.json pins; undefined for what is a part of Node. */
  readonly version: string | undefined;
}

/** What is supported in Markdown, one line for each library: what the tests run, and what they can't. */
export async function librariesTable(): Promise<string | undefined> {
  const rows = await supportRows();
  return rows.length === 0 ? undefined : supportTable(rows, untestedPackages);
}

/**
 * The rows of all groups, in the groups' order.
 *
 * @throws Error if a row names a library that its group doesn't pin.
 */
export async function supportRows(): Promise<SupportRow[]> {
  const groups = globSync(`${LIBRARIES}/*/rows.ts`, { cwd: root }).map(dirname).toSorted();
  return (await Promise.all(groups.map(rowsOf))).flat();
}

async function rowsOf(folder: string): Promise<SupportRow[]> {
  const { rows } = (await import(join(root, folder, "rows.ts"))) as {
    rows: readonly LibraryRow[];
  };
  const pins = { ...pinsIn("."), ...pinsIn(folder) };
  return rows.map((row) => ({ ...row, version: versionOf(row, pins, basename(folder)) }));
}

type Pins = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies?: Pins;
  readonly devDependencies?: Pins;
}

/** A group may use what the root has anyway. */
function pinsIn(folder: string): Pins {
  try {
    const text = readFileSync(join(root, folder, "package.json"), "utf8");
    const { dependencies, devDependencies } = JSON.parse(text) as Manifest;
    return { ...dependencies, ...devDependencies };
  } catch {
    return {};
  }
}

/** `npm:koa@2.16.1` and `2.16.1` -> `2.16.1`. */
function versionOf({ installed }: LibraryRow, pins: Pins, group: string): string | undefined {
  if (installed.startsWith("node:")) return undefined;
  const version = pins[installed]?.split("@").at(-1);
  if (version === undefined || !/^\d+\.\d+\.\d+/.test(version)) {
    throw new Error(`${group}/rows.ts names ${installed}, and package.json pins no version of it`);
  }
  return version;
}

/**
 * @param rows in any order; the table is sorted by library.
 * @param untried packages of the generated table that no test runs, and why
 */
export function supportTable(
  rows: readonly SupportRow[],
  untried: Readonly<Record<string, string>> = {},
): string {
  const libraries = [...rows.map(({ library }) => library), ...Object.keys(untried)];
  const lines = sortedSet(libraries).map((library) => {
    const reason = untried[library];
    if (reason !== undefined) return untestedLine(library, reason);
    return lineOf(
      library,
      rows.filter((row) => row.library === library),
    );
  });
  return [
    "| Library | Versions that ran | Modules | Node | What it gives |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

function lineOf(library: string, rows: readonly SupportRow[]): string {
  const versions = rows.map(({ version }) => version ?? "Node's own");
  const modules = rows.map(({ moduleSystem }) => (moduleSystem === "esm" ? "ESM" : "CJS"));
  const cells = [
    `\`${library}\``,
    sortedSet(versions).join(", "),
    sortedSet(modules).toReversed().join(", "),
    sortedSet(rows.map(({ node }) => node)).join(", "),
    [...new Set(rows.map(({ supports }) => supports))].join("; "),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function untestedLine(library: string, reason: string): string {
  const text = `as upstream made it, not run here: ${reason}`;
  return `| \`${library}\` | none | – | – | ${text} |`;
}

function sortedSet(texts: readonly string[]): string[] {
  const collator = new Intl.Collator("en", { numeric: true });
  return [...new Set(texts)].toSorted(collator.compare);
}
