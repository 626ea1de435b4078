import type { Block, Cell, TableBlock } from "./document.ts";

/** Renders a report as GitHub Flavored Markdown. It has no charts. */
export function renderMarkdown(blocks: readonly Block[]): string {
  const parts = blocks.flatMap((block) => {
    switch (block.kind) {
      case "heading":
        return [`${"#".repeat(block.level)} ${escapeMarkdown(block.text)}`];
      case "text":
        return [escapeMarkdown(block.text)];
      case "table":
        return [renderTable(block)];
      case "chart":
      case "drawing":
        return [];
    }
  });
  return `${parts.join("\n\n")}\n`;
}

function renderTable({ columns, rows, empty }: TableBlock): string {
  if (rows.length === 0) return escapeMarkdown(empty);
  return [
    tableLine(columns.map(({ title }) => escapeMarkdown(title))),
    tableLine(columns.map(({ isNumber }) => (isNumber ? "---:" : "---"))),
    ...rows.map((row) => tableLine(row.map(renderCell))),
  ].join("\n");
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function renderCell(cell: Cell): string {
  if (typeof cell === "string") return escapeMarkdown(cell);
  // A backtick would end the code, and no backslash escapes it there.
  return `\`${oneLine(cell.code)
    .replaceAll("`", "'")
    .replaceAll("|", String.raw`\|`)}\``;
}

/** Escapes what would be a link, an image, emphasis, HTML or the end of a cell. */
function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>|]/g, String.raw`\$&`);
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
