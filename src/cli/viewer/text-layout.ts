import type { ListView } from "./bounded-view.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  /** Whether it has figures, which are aligned to the right. */
  readonly isFigure?: boolean;
  readonly cell: (row: Row) => string;
}

/** Returns the lines of a table: titles, then rows. The last column is as wide as it needs. */
export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, at) => {
        const width = at === columns.length - 1 ? 0 : (widths[at] ?? 0);
        return columns[at]?.isFigure === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Returns the line on what a list leaves out; none if it is complete. */
export function omittedLines(list: ListView<unknown>, what: string): string[] {
  if (list.omitted === 0) return [];
  const more = list.more === undefined ? "" : `: ${list.more}`;
  return [`… ${list.omitted} more ${what}${more}`];
}

/** Returns a section: its title, its lines, and an empty line before; nothing without lines. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

/** Returns `key value` pairs in one line. */
export function pairs(entries: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(entries)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`]))
    .join(", ");
}
