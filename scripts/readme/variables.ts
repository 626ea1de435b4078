import { type VariableGroup, type Variable, variables } from "../../src/config/variables.ts";

/** Renders all variables in Markdown: a table for each group, in the order of definition. */
export function variablesTable(): string {
  const groups = new Set(variables.map((variable) => variable.group));
  return [...groups].map((group) => sectionOf(group, rowsOf(group))).join("\n");
}

function rowsOf(group: VariableGroup): Variable[] {
  return variables.filter((row) => row.group === group);
}

function sectionOf(group: string, rows: readonly Variable[]): string {
  const supported = rows.every((row) => row.unsupported === undefined);
  const head = supported
    ? ["| Variable | Value | Default | Meaning |", "| --- | --- | --- | --- |"]
    : ["| Variable | Reason |", "| --- | --- |"];
  const lines = rows.map((row) => (supported ? rowOf(row) : reasonOf(row)));
  return `## ${group}\n\n${[...head, ...lines].join("\n")}\n`;
}

function rowOf(row: Variable): string {
  const cells = [`\`${row.name}\``, row.valueType.description, defaultOf(row), row.doc];
  return `| ${cells.map(cell).join(" | ")} |`;
}

/** Renders the default as code if it is a literal value, else as prose. */
function defaultOf(row: Variable): string {
  const isValue = /^[\w/.,:-]+$/.test(row.default) && row.default !== "all";
  const isNothing = row.default === "none" && !row.valueType.description.includes("`none`");
  return isValue && !isNothing ? `\`${row.default}\`` : row.default;
}

function reasonOf(row: Variable): string {
  return `| \`${row.name}\` | ${cell(row.unsupported ?? "")} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
