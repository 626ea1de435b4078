import { writeFileSync } from "node:fs";
import { escapeControlCharacters } from "../../diagnostics/escape-control-characters.ts";
import { renderHtml } from "../report/html.ts";
import { renderMarkdown } from "../report/markdown.ts";
import type { StyleText } from "../../diagnostics/terminal-style.ts";
import { tableLines } from "../viewer/text-layout.ts";
import {
  type BenchReport,
  COMPARISON_COLUMNS,
  comparisonNotes,
  comparisonTitle,
  documentOf,
  formatMs,
  titleOf,
  usedColumns,
} from "./document.ts";
import { BenchError } from "./endpoint.ts";
import type { EndpointResult } from "./result.ts";

/** Returns the lines for a terminal. */
export function terminalLines(
  { result, comparison, findings }: BenchReport,
  style: StyleText,
  isVerbose: boolean,
): string[] {
  const { endpoints, notes } = result;
  const lines = tableLines(usedColumns(endpoints), endpoints);
  const allNotes = [...notes, ...(comparison === undefined ? [] : comparisonNotes(comparison))];
  const parts = [
    ...lines,
    ...(isVerbose ? endpoints.flatMap(detailLines) : []),
    ...(comparison === undefined
      ? []
      : ["", comparisonTitle(comparison), ...tableLines(COMPARISON_COLUMNS, comparison.endpoints)]),
    ...(allNotes.length === 0 ? [] : ["", ...allNotes.map((note) => `note: ${note}`)]),
    ...(findings.length === 0 ? [] : [""]),
  ];
  return [
    ...parts.map(escapeControlCharacters),
    ...findings.map((line) => style("red", escapeControlCharacters(line))),
  ];
}

function detailLines({ name, url, statuses, blocks, failure, verdicts }: EndpointResult): string[] {
  const byStatus = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
  return [
    "",
    `${name}  ${url}`,
    `  statuses  ${byStatus.join(", ") || "none"}`,
    ...(failure === undefined ? [] : [`  last request without a response  ${failure}`]),
    `  verdicts  ${verdicts.map(({ figure, verdict }) => `${figure} ${verdict}`).join(", ")}`,
    `  medians of the blocks  ${blocks.map(({ median }) => formatMs(median)).join(", ")}`,
    `  fixed calculation  ${blocks.map(({ machineMs }) => formatMs(machineMs)).join(", ")}`,
  ];
}

/** Returns what `--json` prints, and a file `.json` has. */
export function jsonOf({ result, comparison, findings, isInterrupted }: BenchReport): object {
  return {
    status: isInterrupted ? "interrupted" : findings.length === 0 ? "done" : "found",
    findings,
    ...result,
    ...(comparison !== undefined && { comparison }),
  };
}

/**
 * Writes a report as Markdown, JSON or HTML, by the ending of the file.
 *
 * @throws BenchError if the file can't be written.
 */
export function writeReport(file: string, report: BenchReport): void {
  try {
    writeFileSync(file, render(file, report));
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new BenchError(`--out: ${file} can't be written: ${code}`);
  }
}

function render(file: string, report: BenchReport): string {
  if (file.endsWith(".json")) return `${JSON.stringify(jsonOf(report), undefined, 2)}\n`;
  const blocks = documentOf(report);
  if (file.endsWith(".md")) return renderMarkdown(blocks);
  return renderHtml(blocks, { title: titleOf(report.result), hasCharts: true });
}
