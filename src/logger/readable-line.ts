import type { InspectColor } from "node:util";
import type { FormattedInfo } from "./line-format.ts";
import { textOf } from "./json-text.ts";

/** Colours a text, or returns it as it is where there are no colours. */
export type Colour = (colour: InspectColor, text: string) => string;

const levelColours: Readonly<Record<string, InspectColor>> = {
  error: "red",
  warn: "yellow",
  info: "green",
  http: "cyan",
  verbose: "cyan",
  debug: "blue",
  silly: "magenta",
};

const LEVEL_WIDTH = 7;

/** Fields that are the same in all lines of a process, or that have their own place. */
const OMITTED: ReadonlySet<string> = new Set([
  ...["timestamp", "level", "message", "service", "environment", "logger"],
  ...["span_id", "trace_flags"],
]);

/**
 * Writes a line for a reader: `12:30:45.123 INFO    api  paid  order=12`, and the stack
 * of an error on indented lines below it. Texts of the app can neither begin a line nor
 * control the terminal.
 */
export function readableLine(line: FormattedInfo, colour: Colour): string {
  const level = line.level.toUpperCase().padEnd(LEVEL_WIDTH);
  const errorText = errorLines(line["error"], colour);
  const parts = [
    colour("dim", line.timestamp.slice(11, 23)),
    colour(levelColours[line.level] ?? "white", escapeControls(level)),
    colour("bold", escapeControls(textOf(line.logger))),
    escapeControls(line.message),
    ...fieldTexts(line, errorText !== undefined, colour),
  ];
  return parts.filter((part) => part !== "").join(" ") + (errorText ?? "");
}

function fieldTexts(line: FormattedInfo, hasErrorText: boolean, colour: Colour): string[] {
  return Object.entries(line)
    .filter(([name]) => !OMITTED.has(name) && !(hasErrorText && name === "error"))
    .map(([name, value]) => colour("dim", `${escapeControls(name)}=${fieldText(value)}`));
}

function fieldText(value: unknown): string {
  const text = textOf(value);
  const isWord = typeof value !== "string" || /^[^\s"=]+$/.test(text);
  return escapeControls(isWord ? text : JSON.stringify(text));
}

/** An error as `ValueCopier` copies it. */
interface ErrorCopy {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly [field: string]: unknown;
}

/** Returns the lines of an error and of its causes; undefined if the value is none. */
function errorLines(value: unknown, colour: Colour): string | undefined {
  if (!isErrorCopy(value)) return undefined;
  const { name, message, stack, cause, errors, ...rest } = value;
  const title = `${textOf(name ?? "Error")}: ${textOf(message ?? "")}`;
  const lines = [escapeControls(title), ...frameLines(stack, title)];
  const own = Object.entries(rest).map(
    ([field, copy]) => `${escapeControls(field)}=${fieldText(copy)}`,
  );
  if (own.length > 0) lines.push(own.join(" "));
  const causes = [
    ...(cause === undefined ? [] : [["cause", cause] as const]),
    ...(Array.isArray(errors) ? errors.map((error: unknown) => ["error", error] as const) : []),
  ];
  const text = lines.map((line) => `\n    ${colour("dim", line)}`).join("");
  return text + causes.map(([label, error]) => causeLines(label, error, colour)).join("");
}

function causeLines(label: string, value: unknown, colour: Colour): string {
  const text = errorLines(value, colour) ?? `\n    ${escapeControls(textOf(value))}`;
  return `\n    [${label}]${text.trimStart().padStart(text.trimStart().length + 1)}`;
}

function isErrorCopy(value: unknown): value is ErrorCopy {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return typeof (value as ErrorCopy).stack === "string";
}

/** Returns the frames of a stack. The title above them may have several lines, which are those of the message. */
function frameLines(stack: unknown, title: string): string[] {
  if (typeof stack !== "string") return [];
  const frames = stack.startsWith(title) ? stack.slice(title.length) : stack;
  return frames
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `  ${escapeControls(line.trim())}`);
}

/** Control characters, line ends and marks that reverse the order of a text. */
const CONTROLS =
  // oxlint-disable-next-line no-control-regex -- that is their purpose
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeControls(text: string): string {
  return text.replace(
    CONTROLS,
    (character) =>
      shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
