import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { LibraryRow } from "../../test/libraries/row.ts";
import { root } from "../build/paths.ts";
import { untestedPackages } from "../upstream/choice.ts";

const LIBRARIES = "test/libraries";

/** A row of the library tests, with the version that it ran. */
export interface SupportRow extends LibraryRow {
  /** The version pinned in the group's package.json; undefined for a module of Node. */
  readonly version: string | undefined;
}

/** Renders the supported libraries in Markdown, one line each: those that the tests run, and those that they can't run. */
export async function librariesTable(): Promise<string | undefined> {
  const rows = await supportRows();
  return rows.length === 0 ? undefined : supportTable(rows, untestedPackages);
}

/**
 * Loads the rows of all groups, in the order of the groups.
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

/** Reads the pinned versions of a folder; empty without a package.json. */
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
 * @param untested packages with an upstream instrumentation that no test runs, and the reasons
 */
export function supportTable(
  rows: readonly SupportRow[],
  untested: Readonly<Record<string, string>> = {},
): string {
  const libraries = [...rows.map(({ library }) => library), ...Object.keys(untested)];
  const lines = sortedSet(libraries).map((library) => {
    const reason = untested[library];
    if (reason !== undefined) return untestedLine(library, reason);
    return lineOf(
      library,
      rows.filter((row) => row.library === library),
    );
  });
  return [
    "| Library | Tested versions | Modules | Node | What you get |",
    "| --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

function lineOf(library: string, rows: readonly SupportRow[]): string {
  const versions = rows.map(({ version }) => version ?? "part of Node");
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
  const text = `upstream instrumentation, not run here: ${reason}`;
  return `| \`${library}\` | none | – | – | ${text} |`;
}

function sortedSet(texts: readonly string[]): string[] {
  const collator = new Intl.Collator("en", { numeric: true });
  return [...new Set(texts)].toSorted(collator.compare);
}
