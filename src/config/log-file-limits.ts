import type { LogFileName } from "./config.ts";
import type { ReportIssue, ValueIssue } from "./issue.ts";
import { formatMasked } from "./mask.ts";
import { suggest } from "./suggest.ts";

type PerFile = Readonly<Partial<Record<LogFileName, number>>>;

const FILES: readonly LogFileName[] = ["application", "errors", "performance", "security"];

/** Parses `20MB` for all files, or `20MB,errors=1GB`. `0` is no limit. */
export function parseLogFileSizes(text: string, report: ReportIssue): PerFile | undefined {
  return parsePerFile(text, parseSize, "a size like 10MB, or errors=10MB", report);
}

/** Parses `7` for all files, or `7,errors=30`. */
export function parseLogFileCounts(text: string, report: ReportIssue): PerFile | undefined {
  const expected = `an integer from 1 to ${MAX_BACKUPS}, or errors=10`;
  return parsePerFile(text, parseCount, expected, report);
}

function parsePerFile(
  text: string,
  parse: (value: string) => number | undefined,
  expected: string,
  report: ReportIssue,
): PerFile | undefined {
  const values: Partial<Record<LogFileName, number>> = {};
  const issues: ValueIssue[] = [];
  let forOthers: number | undefined;
  for (const entry of text.split(",").map((one) => one.trim())) {
    const at = entry.indexOf("=");
    const file = entry.slice(0, Math.max(0, at)).trim().toLowerCase();
    const value = parse(entry.slice(at + 1).trim());
    const isKnown = at < 0 || isLogFile(file);
    if (value === undefined || !isKnown)
      issues.push(isKnown ? issueOf(entry, expected) : unknownFile(entry, file));
    else if (at < 0) forOthers = value;
    else values[file as LogFileName] = value;
  }
  if (forOthers !== undefined) for (const file of FILES) values[file] ??= forOthers;
  const isUsable = Object.keys(values).length > 0;
  for (const issue of issues) report(isUsable ? { ...issue, used: "the other entries" } : issue);
  return isUsable ? values : undefined;
}

function issueOf(entry: string, expected: string): ValueIssue {
  return { received: formatMasked(entry), expected };
}

function unknownFile(entry: string, file: string): ValueIssue {
  const expected = `a file of ${FILES.join(", ")}`;
  return { ...issueOf(entry, expected), suggestion: suggest(file, FILES) };
}

function isLogFile(name: string): boolean {
  return (FILES as readonly string[]).includes(name);
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  kib: 2 ** 10,
  m: 1e6,
  mb: 1e6,
  mib: 2 ** 20,
  g: 1e9,
  gb: 1e9,
  gib: 2 ** 30,
};

/** Returns bytes, Infinity for 0, or undefined for what is no size. */
function parseSize(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{0,3})$/i.exec(text) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return undefined;
  const bytes = Math.round(Number(digits) * factor);
  if (bytes === 0) return Number(digits) === 0 ? Infinity : undefined;
  return bytes;
}

const MAX_BACKUPS = 100_000;

function parseCount(text: string): number | undefined {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= MAX_BACKUPS ? count : undefined;
}
