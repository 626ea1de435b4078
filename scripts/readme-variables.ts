import { readFileSync, writeFileSync } from "node:fs";
import { type Group, type Variable, variables } from "../src/config/variables.ts";

/**
 * Writes the README's table of variables from the one table in `src/config`, or
 * with `--check` says whether it is in step (exit code 1 if not).
 */
const START = "<!-- variables:start -->";
const END = "<!-- variables:end -->";

if (import.meta.main) {
  const file = new URL("../README.md", import.meta.url);
  process.exitCode = run(file, process.argv.includes("--check"));
}

function run(file: URL, check: boolean): number {
  const readme = textOf(file);
  if (readme === undefined) return fail("there is no README.md");
  const wanted = withTable(readme);
  if (wanted === undefined) return fail(`README.md has no lines ${START} and ${END}`);
  if (wanted === readme) return 0;
  if (check) return fail("the table in README.md is not in step; run scripts/readme-variables.ts");
  writeFileSync(file, wanted);
  return 0;
}

function fail(message: string): number {
  process.stderr.write(`readme-variables: ${message}\n`);
  return 1;
}

function textOf(file: URL): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The README with the table between its two marks; undefined if a mark is missing. */
export function withTable(readme: string): string | undefined {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END, start);
  if (start < 0 || end < 0) return undefined;
  return `${readme.slice(0, start + START.length)}\n\n${variablesTable()}\n${readme.slice(end)}`;
}

/** All variables in Markdown: a table for each group, in the table's own order. */
export function variablesTable(): string {
  const groups = new Set(variables.map((variable) => variable.group));
  return [...groups].map((group) => sectionOf(group, rowsOf(group))).join("\n");
}

function rowsOf(group: Group): Variable[] {
  return variables.filter((row) => row.group === group);
}

function sectionOf(group: string, rows: readonly Variable[]): string {
  const supported = rows.every((row) => row.unsupported === undefined);
  const head = supported
    ? ["| Variable | Value | Default | Meaning |", "| --- | --- | --- | --- |"]
    : ["| Variable | Why not |", "| --- | --- |"];
  const lines = rows.map((row) => (supported ? rowOf(row) : reasonOf(row)));
  return `**${group}**\n\n${[...head, ...lines].join("\n")}\n`;
}

function rowOf(row: Variable): string {
  const cells = [`\`${row.name}\``, row.kind.type, defaultOf(row), row.doc];
  return `| ${cells.map(cell).join(" | ")} |`;
}

/** As code where it is what one would write; in words as it is. */
function defaultOf(row: Variable): string {
  const isValue = /^[\w/.,:-]+$/.test(row.default) && row.default !== "all";
  const isNothing = row.default === "none" && !row.kind.type.includes("`none`");
  return isValue && !isNothing ? `\`${row.default}\`` : row.default;
}

function reasonOf(row: Variable): string {
  return `| \`${row.name}\` | ${cell(row.unsupported ?? "")} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
