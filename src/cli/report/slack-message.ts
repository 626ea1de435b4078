import { escapeSlack } from "../../alerts/alert-body.ts";
import { truncate } from "../../text.ts";
import type { Block, Cell, TableBlock } from "./document.ts";

/** Limits of Slack: https://docs.slack.dev/reference/block-kit/blocks */
const MAX_BLOCKS = 50;
const MAX_HEADER_LENGTH = 150;
const MAX_SECTION_LENGTH = 3000;
/** An escape has up to five characters. */
const MAX_PLAIN_LENGTH = 600;
/** A message is read on a phone. */
const MAX_ROWS = 5;

/**
 * Renders a report as a message of Slack. Tables are lists of their first rows, and there
 * are no charts.
 *
 * @param text for notifications, and for receivers that don't know blocks.
 */
export function slackMessage(blocks: readonly Block[], text: string): object {
  const all = blocks.flatMap(slackBlocks);
  const shown = all.length <= MAX_BLOCKS ? all : [...all.slice(0, MAX_BLOCKS - 1), TRUNCATED];
  return { text: escapeSlack(text), blocks: shown, unfurl_links: false, unfurl_media: false };
}

const TRUNCATED = section("_The rest is left out: Slack shows 50 blocks._");

function slackBlocks(block: Block): object[] {
  switch (block.kind) {
    case "heading":
      if (block.level === 3) return [];
      return [
        {
          type: "header",
          text: { type: "plain_text", text: truncate(block.text, MAX_HEADER_LENGTH) },
        },
      ];
    case "text":
      return [section(escapeSlack(truncate(block.text, MAX_PLAIN_LENGTH)))];
    case "table":
      return [section(tableText(block))];
    case "chart":
    case "drawing":
      return [];
  }
}

function section(text: string): object {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function tableText({ title, columns, rows, empty }: TableBlock): string {
  const heading = `*${escapeSlack(title)}*`;
  if (rows.length === 0) return `${heading}: ${escapeSlack(empty)}`;
  const shown = rows.slice(0, MAX_ROWS).map((row) => {
    const [first = "", ...others] = row;
    const figures = others.flatMap((cell, at) => {
      const text = cellText(cell);
      return text === "" ? [] : [`${escapeSlack(columns[at + 1]?.title ?? "")} ${text}`];
    });
    return `• ${cellText(first)}: ${figures.join(" · ")}`;
  });
  const left = rows.length - shown.length;
  const note = left > 0 ? [`_and ${left} more_`] : [];
  return linesWithin([heading, ...shown, ...note]).join("\n");
}

/** Returns the lines that fit into a section: a cut could end within an escape. */
function linesWithin(lines: readonly string[]): string[] {
  let length = 0;
  return lines.filter((line) => (length += line.length + 1) <= MAX_SECTION_LENGTH);
}

function cellText(cell: Cell): string {
  if (typeof cell === "string") return escapeSlack(cell);
  return `\`${escapeSlack(truncate(cell.code, 200).replaceAll("`", "'").replace(/\s+/g, " "))}\``;
}
