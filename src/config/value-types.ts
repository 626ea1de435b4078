import { parseAttributes, parseHeaders, type KeyValues } from "./key-values.ts";
import { parseEndpoint, type Endpoint } from "./endpoint.ts";
import { readPemFile, formatPath } from "./pem-file.ts";
import { parseDsn } from "./dsn.ts";
import { suggest } from "./suggest.ts";
import { MASK, maskAddress, quote, formatMasked } from "./mask.ts";
import type { Issue, ReportIssue } from "./problem.ts";

/** How the text of a variable becomes a value. */
export interface ValueType<out T> {
  /** In words, for the README. */
  readonly description: string;
  /** Undefined: nothing in it can be used; why was told to `complain`. Never throws. */
  readonly parse: (text: string, report: ReportIssue) => T | undefined;
  /** The text as the report may show it; by default quoted, and masked where it has an address. */
  readonly format?: (text: string) => string;
}

/** Anything. */
export const text: ValueType<string> = { description: "text", parse: (value) => value };

/**
 * Only "true" is true.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#boolean
 */
export const flag: ValueType<boolean> = { description: "true or false", parse: parseFlag };

/** The specification's upper end of integers, durations and timeouts; the longest a timer can wait. */
const MAX_INT32: number = 2 ** 31 - 1;

/** A whole number of things. */
export function integer(min: number, max: number = MAX_INT32): ValueType<number> {
  return {
    description: "integer",
    parse: (value, report) => parseInteger(value, min, max, report),
  };
}

/** A span of time. */
export function duration(min: number): ValueType<number> {
  return { description: "milliseconds", parse: integer(min).parse };
}

/**
 * How long to wait; 0 is for ever, which is the longest wait that a timer knows.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#timeout
 */
export const timeout: ValueType<number> = {
  description: "milliseconds, 0 for no limit",
  parse: (value, report) => {
    const milliseconds = parseInteger(value, 0, MAX_INT32, report);
    return milliseconds === 0 ? MAX_INT32 : milliseconds;
  },
};

/** A share. */
export const ratio: ValueType<number> = { description: "number from 0 to 1", parse: parseRatio };

/** Names that are known but not taken, each with the reason. */
export type UnsupportedNames = Readonly<Record<string, string>>;

/** One of several names, in any case. */
export function oneOf<Name extends string>(
  names: readonly Name[],
  unsupported: UnsupportedNames = {},
): ValueType<Name> {
  return {
    description: names.map(formatCode).join(", "),
    parse: (value, report) => findName(value, names, unsupported, formatList(names), report),
  };
}

/** Several names with commas between, each counted once; "none" alone is none of them. */
export function someOf<Name extends string>(
  names: readonly Name[],
  unsupported: UnsupportedNames = {},
): ValueType<readonly Name[]> {
  const words = [...names, "none"];
  return {
    description: `list of ${names.map(formatCode).join(", ")}; or \`none\``,
    parse: (value, report) => parseNameList(value, names, unsupported, formatList(words), report),
  };
}

/** Any names, with commas between. */
export const names: ValueType<readonly string[]> = {
  description: "list of names",
  parse: parseNames,
};

/** Conventions whose stable names are asked for; theirs are the only names there are. */
export const optIn: ValueType<readonly string[]> = {
  description: "list of names",
  parse: parseOptIn,
};

/** `key=value`, with commas between, percent-encoded; one that is wrong spoils all (as specified). */
export const attributes: ValueType<KeyValues> = {
  description: "list of key=value",
  parse: parseAttributes,
};

/** The same for HTTP headers; one that is wrong is left out. */
export const headers: ValueType<KeyValues> = {
  description: "list of key=value",
  parse: parseHeaders,
  format: () => MASK,
};

export const endpoint: ValueType<Endpoint> = {
  description: "URL",
  parse: parseEndpoint,
  format: (value) => quote(maskAddress(value)),
};

/** Addresses with commas between; those that are none, or there already, are left out. */
export const endpoints: ValueType<readonly Endpoint[]> = {
  description: "list of URLs",
  parse: parseEndpoints,
  format: (value) => value.split(",").map(formatAddress).join(", "),
};

/** The text of a PEM file, read at once. */
export const pemFile: ValueType<string> = {
  description: "path of a PEM file",
  parse: readPemFile,
  format: formatPath,
};

export const dsn: ValueType<string> = { description: "DSN", parse: parseDsn, format: () => MASK };

/** For a variable whose value is never looked at. */
export const ignored: ValueType<undefined> = { description: "", parse: () => undefined };

function parseFlag(value: string, report: ReportIssue): boolean | undefined {
  const word = value.toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  report({ expected: "true or false" });
  return undefined;
}

function parseInteger(
  value: string,
  min: number,
  max: number,
  report: ReportIssue,
): number | undefined {
  const number = /^[+-]?\d+$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  report({ expected: `an integer from ${min} to ${max}` });
  return undefined;
}

function parseRatio(value: string, report: ReportIssue): number | undefined {
  const number = /^\+?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
  if (number >= 0 && number <= 1) return number;
  report({ expected: "a number from 0 to 1" });
  return undefined;
}

function parseNameList<Name extends string>(
  value: string,
  names: readonly Name[],
  unsupported: UnsupportedNames,
  expected: string,
  report: ReportIssue,
): readonly Name[] | undefined {
  const words = splitList(value);
  const found = new Set<Name>();
  for (const word of words) {
    if (isNone(word)) continue;
    const name = findName(word, names, unsupported, expected, report);
    if (name !== undefined) found.add(name);
  }
  if (!words.some(isNone)) return found.size > 0 ? [...found] : undefined;
  if (words.every(isNone)) return [];
  report({ received: quote("none"), expected: "none alone" });
  return found.size > 0 ? [...found] : undefined;
}

function isNone(word: string): boolean {
  return word.toLowerCase() === "none";
}

function parseNames(value: string): readonly string[] | undefined {
  const words = [...new Set(splitList(value))];
  return words.length > 0 ? words : undefined;
}

function parseOptIn(value: string, report: ReportIssue): readonly string[] | undefined {
  const words = parseNames(value) ?? [];
  for (const word of words.filter((name) => name.endsWith("/dup"))) {
    report({ received: formatMasked(word), expected: "no /dup", used: "the stable names alone" });
  }
  return words;
}

function splitList(value: string): string[] {
  return value
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function findName<Name extends string>(
  word: string,
  names: readonly Name[],
  unsupported: UnsupportedNames,
  expected: string,
  report: ReportIssue,
): Name | undefined {
  const lowerCaseName = word.toLowerCase();
  const name = names.find((candidate) => candidate.toLowerCase() === lowerCaseName);
  if (name !== undefined) return name;
  const reason = Object.hasOwn(unsupported, lowerCaseName) ? unsupported[lowerCaseName] : undefined;
  if (reason === undefined) report(unknownNameIssue(word, names, expected));
  else report({ received: quote(word), expected: `${expected} (${reason})` });
  return undefined;
}

function unknownNameIssue(word: string, names: readonly string[], expected: string): Issue {
  return { received: formatMasked(word), expected, suggestion: suggest(word.toLowerCase(), names) };
}

/** As a person would say it: `a, b or c`. */
export function formatList(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${last}` : last;
}

function formatCode(word: string): string {
  return `\`${word}\``;
}

function parseEndpoints(value: string, report: ReportIssue): readonly Endpoint[] | undefined {
  const endpointsByUrl = new Map<string, Endpoint>();
  const issues: Issue[] = [];
  const texts = value.split(",").map((text) => text.trim());
  for (const text of texts.filter((one) => one !== "")) {
    const received = formatAddress(text);
    const one = parseEndpoint(text, (issue) => issues.push({ received, ...issue }));
    if (one === undefined) continue;
    const { href } = one.url;
    if (endpointsByUrl.has(href)) issues.push({ received, expected: "each address once" });
    else endpointsByUrl.set(href, one);
  }
  if (endpointsByUrl.size === 0) {
    report({ expected: ADDRESSES });
    return undefined;
  }
  for (const issue of issues) report({ ...issue, used: "the others" });
  return [...endpointsByUrl.values()];
}

const ADDRESSES = "URLs like http://gateway-0:4318,http://gateway-1:4318";

function formatAddress(text: string): string {
  return quote(maskAddress(text.trim()));
}
