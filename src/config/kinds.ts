import { attributesIn, headersIn, type Pairs } from "./pairs.ts";
import { endpointIn, type Endpoint } from "./endpoint.ts";
import { fileText, shownPath } from "./file.ts";
import { dsnIn } from "./dsn.ts";
import { nearest } from "./nearest.ts";
import { MASK, maskedAddress, quoted, shownText } from "./mask.ts";
import type { Complaint, Complain } from "./problem.ts";

/** How the text of a variable becomes a value. */
export interface Kind<out T> {
  /** In words, for the README. */
  readonly type: string;
  /** Undefined: nothing in it can be used; why was told to `complain`. Never throws. */
  readonly parse: (text: string, complain: Complain) => T | undefined;
  /** The text as the report may show it; by default quoted, and masked where it has an address. */
  readonly show?: (text: string) => string;
}

/** Anything. */
export const text: Kind<string> = { type: "text", parse: (value) => value };

/**
 * Only "true" is true.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#boolean
 */
export const flag: Kind<boolean> = { type: "true or false", parse: parseFlag };

/** The specification's upper end of integers, durations and timeouts; the longest a timer can wait. */
const LARGEST: number = 2 ** 31 - 1;

/** A whole number of things. */
export function integer(least: number, most: number = LARGEST): Kind<number> {
  return {
    type: "integer",
    parse: (value, complain) => parseInteger(value, least, most, complain),
  };
}

/** A span of time. */
export function duration(least: number): Kind<number> {
  return { type: "milliseconds", parse: integer(least).parse };
}

/**
 * How long to wait; 0 is for ever, which is the longest wait that a timer knows.
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#timeout
 */
export const timeout: Kind<number> = {
  type: "milliseconds, 0 for no limit",
  parse: (value, complain) => {
    const milliseconds = parseInteger(value, 0, LARGEST, complain);
    return milliseconds === 0 ? LARGEST : milliseconds;
  },
};

/** A share. */
export const ratio: Kind<number> = { type: "number from 0 to 1", parse: parseRatio };

/** Names that are known but not taken, each with the reason. */
export type Refused = Readonly<Record<string, string>>;

/** One of several names, in any case. */
export function oneOf<Name extends string>(
  names: readonly Name[],
  refused: Refused = {},
): Kind<Name> {
  return {
    type: names.map(asCode).join(", "),
    parse: (value, complain) => known(value, names, refused, listed(names), complain),
  };
}

/** Several names with commas between, each counted once; "none" alone is none of them. */
export function someOf<Name extends string>(
  names: readonly Name[],
  refused: Refused = {},
): Kind<readonly Name[]> {
  const words = [...names, "none"];
  return {
    type: `list of ${names.map(asCode).join(", ")}; or \`none\``,
    parse: (value, complain) => parseSome(value, names, refused, listed(words), complain),
  };
}

/** Any names, with commas between. */
export const names: Kind<readonly string[]> = { type: "list of names", parse: parseNames };

/** Conventions whose stable names are asked for; theirs are the only names there are. */
export const optIn: Kind<readonly string[]> = { type: "list of names", parse: parseOptIn };

/** `key=value`, with commas between, percent-encoded; one that is wrong spoils all (as specified). */
export const attributes: Kind<Pairs> = {
  type: "list of key=value",
  parse: attributesIn,
};

/** The same for HTTP headers; one that is wrong is left out. */
export const headers: Kind<Pairs> = {
  type: "list of key=value",
  parse: headersIn,
  show: () => MASK,
};

export const endpoint: Kind<Endpoint> = {
  type: "URL",
  parse: endpointIn,
  show: (value) => quoted(maskedAddress(value)),
};

/** Addresses with commas between; those that are none, or there already, are left out. */
export const endpoints: Kind<readonly Endpoint[]> = {
  type: "list of URLs",
  parse: parseEndpoints,
  show: (value) => value.split(",").map(shownAddress).join(", "),
};

/** The text of a PEM file, read at once. */
export const pemFile: Kind<string> = {
  type: "path of a PEM file",
  parse: fileText,
  show: shownPath,
};

export const dsn: Kind<string> = { type: "DSN", parse: dsnIn, show: () => MASK };

/** For a variable whose value is never looked at. */
export const unread: Kind<undefined> = { type: "", parse: () => undefined };

function parseFlag(value: string, complain: Complain): boolean | undefined {
  const word = value.toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  complain({ expected: "true or false" });
  return undefined;
}

function parseInteger(
  value: string,
  least: number,
  most: number,
  complain: Complain,
): number | undefined {
  const number = /^[+-]?\d+$/.test(value) ? Number(value) : NaN;
  if (number >= least && number <= most) return number;
  complain({ expected: `an integer from ${least} to ${most}` });
  return undefined;
}

function parseRatio(value: string, complain: Complain): number | undefined {
  const number = /^\+?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
  if (number >= 0 && number <= 1) return number;
  complain({ expected: "a number from 0 to 1" });
  return undefined;
}

function parseSome<Name extends string>(
  value: string,
  names: readonly Name[],
  refused: Refused,
  expected: string,
  complain: Complain,
): readonly Name[] | undefined {
  const words = wordsIn(value);
  const found = new Set<Name>();
  for (const word of words) {
    if (isNone(word)) continue;
    const name = known(word, names, refused, expected, complain);
    if (name !== undefined) found.add(name);
  }
  if (!words.some(isNone)) return found.size > 0 ? [...found] : undefined;
  if (words.every(isNone)) return [];
  complain({ received: quoted("none"), expected: "none alone" });
  return found.size > 0 ? [...found] : undefined;
}

function isNone(word: string): boolean {
  return word.toLowerCase() === "none";
}

function parseNames(value: string): readonly string[] | undefined {
  const words = [...new Set(wordsIn(value))];
  return words.length > 0 ? words : undefined;
}

function parseOptIn(value: string, complain: Complain): readonly string[] | undefined {
  const words = parseNames(value) ?? [];
  for (const word of words.filter((name) => name.endsWith("/dup"))) {
    complain({ received: shownText(word), expected: "no /dup", used: "the stable names alone" });
  }
  return words;
}

function wordsIn(value: string): string[] {
  return value
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function known<Name extends string>(
  word: string,
  names: readonly Name[],
  refused: Refused,
  expected: string,
  complain: Complain,
): Name | undefined {
  const wanted = word.toLowerCase();
  const name = names.find((candidate) => candidate.toLowerCase() === wanted);
  if (name !== undefined) return name;
  const reason = Object.hasOwn(refused, wanted) ? refused[wanted] : undefined;
  if (reason === undefined) complain(unknown(word, names, expected));
  else complain({ received: quoted(word), expected: `${expected} (${reason})` });
  return undefined;
}

function unknown(word: string, names: readonly string[], expected: string): Complaint {
  return { received: shownText(word), expected, nearest: nearest(word.toLowerCase(), names) };
}

/** As a person would say it: `a, b or c`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${last}` : last;
}

function asCode(word: string): string {
  return `\`${word}\``;
}

function parseEndpoints(value: string, complain: Complain): readonly Endpoint[] | undefined {
  const known = new Map<string, Endpoint>();
  const complaints: Complaint[] = [];
  const texts = value.split(",").map((text) => text.trim());
  for (const text of texts.filter((one) => one !== "")) {
    const received = shownAddress(text);
    const one = endpointIn(text, (complaint) => complaints.push({ received, ...complaint }));
    if (one === undefined) continue;
    const { href } = one.url;
    if (known.has(href)) complaints.push({ received, expected: "each address once" });
    else known.set(href, one);
  }
  if (known.size === 0) {
    complain({ expected: ADDRESSES });
    return undefined;
  }
  for (const complaint of complaints) complain({ ...complaint, used: "the others" });
  return [...known.values()];
}

const ADDRESSES = "URLs like http://gateway-0:4318,http://gateway-1:4318";

function shownAddress(text: string): string {
  return quoted(maskedAddress(text.trim()));
}
