import { renderChart } from "./chart.ts";
import type { Block, Cell, TableBlock } from "./document.ts";
import { escapeHtml } from "./escape-html.ts";

export interface HtmlOptions {
  readonly title: string;
  /** Whether charts are part of it: programs that show e-mails have no SVG. */
  readonly hasCharts: boolean;
}

/** Renders a report as one page of HTML, which loads nothing and runs no script. */
export function renderHtml(blocks: readonly Block[], { title, hasCharts }: HtmlOptions): string {
  const body = blocks
    .filter(({ kind }) => hasCharts || (kind !== "chart" && kind !== "drawing"))
    .map(renderBlock)
    .join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const STYLE = `:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-bottom: 1px solid #8886; margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #8884; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; }
figcaption { font-weight: 600; }
svg { width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
.requests { fill: #3b82c4; } .failed { fill: #d33c3c; }
.line { fill: none; stroke: #8a4fc4; stroke-width: 1.5; } .axis { stroke: #8888; }`;

function renderBlock(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
    case "text":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "table":
      return renderTable(block);
    case "chart":
      return renderChart(block);
    case "drawing":
      return `<figure><figcaption>${escapeHtml(block.title)}</figcaption>\n${block.svg}</figure>`;
  }
}

function renderTable({ columns, rows, empty }: TableBlock): string {
  if (rows.length === 0) return `<p>${escapeHtml(empty)}</p>`;
  const classOf = (at: number): string => (columns[at]?.isNumber === true ? ' class="number"' : "");
  const head = columns.map(({ title }, at) => `<th${classOf(at)}>${escapeHtml(title)}</th>`);
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell, at) => `<td${classOf(at)}>${renderCell(cell)}</td>`).join("")}</tr>`,
  );
  return `<table>\n<thead><tr>${head.join("")}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody>\n</table>`;
}

function renderCell(cell: Cell): string {
  return typeof cell === "string" ? escapeHtml(cell) : `<code>${escapeHtml(cell.code)}</code>`;
}
