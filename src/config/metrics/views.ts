import type { InstrumentRule } from "../config.ts";
import type { ReportIssue } from "../issue.ts";
import { formatMasked } from "../mask.ts";

/** A name of an instrument (specification, metrics/api.md), or its start and `*`. */
const PATTERN = /^(?:\*|[A-Za-z][\w.\-/]{0,254}\*?)$/;
const NAME = /^[A-Za-z][\w.\-/]{0,254}$/;

/** The largest limit: a page of more series takes longer than a scrape. */
const MAX_LIMIT = 1_000_000;

/** Parses a list such as `http.client.*,v8js.*`. An invalid entry is ignored. */
export function parseInstrumentPatterns(
  text: string,
  report: ReportIssue,
): readonly string[] | undefined {
  return parseEntries(text, ",", "instrument names such as http.client.*", report, (entry) =>
    PATTERN.test(entry) ? entry : undefined,
  );
}

/** Parses a list such as `shop.orders=orders`. An invalid entry is ignored. */
export function parseRenames(
  text: string,
  report: ReportIssue,
): readonly InstrumentRule<string>[] | undefined {
  return parseEntries(text, ",", "name=new name", report, (entry) => {
    const [name, value = ""] = split(entry, "=");
    return NAME.test(name) && NAME.test(value) ? { name, value } : undefined;
  });
}

/** Parses entries such as `http.server.request.duration:url.scheme,http.route`, between semicolons. */
export function parseDroppedAttributes(
  text: string,
  report: ReportIssue,
): readonly InstrumentRule<readonly string[]>[] | undefined {
  return parseEntries(text, ";", "instrument:attribute,attribute", report, (entry) => {
    const [name, list = ""] = split(entry, ":");
    const value = splitList(list);
    return PATTERN.test(name) && value.length > 0 ? { name, value } : undefined;
  });
}

/** Parses entries such as `http.server.request.duration:0.1,0.5,1`, between semicolons. */
export function parseBuckets(
  text: string,
  report: ReportIssue,
): readonly InstrumentRule<readonly number[]>[] | undefined {
  const expected = "instrument:limit,limit with increasing numbers";
  return parseEntries(text, ";", expected, report, (entry) => {
    const [name, list = ""] = split(entry, ":");
    const value = splitList(list).map(numberOf);
    const isIncreasing = value.every((limit, index) => limit > (value[index - 1] ?? -Infinity));
    const isValid = value.length > 0 && isIncreasing && value.every(Number.isFinite);
    return PATTERN.test(name) && isValid ? { name, value } : undefined;
  });
}

/** Parses `5000` for all instruments, or `5000,shop.orders=100`. An invalid entry is ignored. */
export function parseCardinalityLimits(
  text: string,
  report: ReportIssue,
): readonly InstrumentRule<number>[] | undefined {
  const expected = `an integer from 1 to ${MAX_LIMIT}, or instrument=integer`;
  return parseEntries(text, ",", expected, report, (entry) => {
    const parts = split(entry, "=");
    const [name, digits = ""] = parts.length > 1 ? parts : ["*", entry];
    const value = /^\d{1,7}$/.test(digits) ? Number(digits) : 0;
    return PATTERN.test(name) && value >= 1 && value <= MAX_LIMIT ? { name, value } : undefined;
  });
}

function parseEntries<Entry>(
  text: string,
  separator: string,
  expected: string,
  report: ReportIssue,
  parse: (entry: string) => Entry | undefined,
): readonly Entry[] | undefined {
  const entries: Entry[] = [];
  for (const entry of splitList(text, separator)) {
    const parsed = parse(entry);
    if (parsed !== undefined) entries.push(parsed);
    else report({ received: formatMasked(entry), expected, used: "the other entries" });
  }
  return entries.length > 0 ? entries : undefined;
}

function split(entry: string, separator: string): [string, ...string[]] {
  const at = entry.indexOf(separator);
  if (at < 0) return [entry];
  return [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
}

function splitList(text: string, separator = ","): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function numberOf(text: string): number {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
}
