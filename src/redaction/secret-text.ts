import {
  decodeText,
  isSecretField,
  isSecretKey,
  isToken,
  redactPath,
  redactQuery,
  REDACTED,
} from "../secrets.ts";
import { ibanLength, isCardNumber, isIban } from "./checksums.ts";
import type { Secret } from "./kinds.ts";

/** Which names are those of secrets. */
export interface NameRules {
  isSecretField(this: void, name: string): boolean;
  /** Whether the values of a query key are secret, which more names are. */
  isSecretKey(this: void, key: string): boolean;
}

/** The names that are secrets by themselves. */
export const builtInNames: NameRules = { isSecretField, isSecretKey };

/** A secret, or the position at which the search continues. */
type Found = Secret | number;

const NO_SECRETS: readonly Secret[] = [];

/** Redacts the secrets in a text. The rest of the text stays the same. */
export function redactText(text: string, names: NameRules = builtInNames): string {
  const secrets = findSecrets(text, names);
  return secrets.length === 0 ? text : replaceSecrets(text, secrets);
}

/** @param secrets in the order of the text, without overlaps. */
export function replaceSecrets(text: string, secrets: readonly Secret[]): string {
  let redacted = "";
  let copied = 0;
  for (const { from, to, replacement } of secrets) {
    redacted += text.slice(copied, from) + (replacement ?? REDACTED);
    copied = to;
  }
  return redacted + text.slice(copied);
}

/**
 * Finds secrets in free text: tokens by their form, credentials after `Bearer` and
 * `Basic`, values after the name of a secret (`password=…`, `"apiKey":"…"`), passwords
 * and tokens in URLs, private keys, card numbers and IBANs. One pass from left to right,
 * in linear time, and another one over what is percent-encoded.
 *
 * @returns them in the order of the text, without overlaps.
 */
export function findSecrets(text: string, names: NameRules = builtInNames): readonly Secret[] {
  const secrets = findPlainSecrets(text, names);
  if (!text.includes("%") && !text.includes("+")) return secrets;
  const escaped = findEscapedSecrets(text, names);
  return escaped.length === 0 ? secrets : mergeSecrets([...secrets, ...escaped]);
}

/** Sorts secrets, and joins those that overlap. */
export function mergeSecrets(secrets: readonly Secret[]): readonly Secret[] {
  const merged: Secret[] = [];
  for (const secret of secrets.toSorted((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (last === undefined || secret.from >= last.to) merged.push(secret);
    else
      merged[merged.length - 1] = {
        kind: last.kind,
        from: last.from,
        to: Math.max(last.to, secret.to),
      };
  }
  return merged;
}

function findPlainSecrets(text: string, names: NameRules): readonly Secret[] {
  let secrets: Secret[] | undefined;
  for (let at = 0; at < text.length;) {
    if (!isRunCharacter(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const found = findSecret(text, at, names);
    if (typeof found === "number") {
      at = found;
      continue;
    }
    (secrets ??= []).push(found);
    at = found.to;
  }
  return secrets ?? NO_SECRETS;
}

/** A part of a query, of a path or of a list, each of which is encoded by itself. */
const PART = /[^\s&=?#;,/"`<>{}|\\]+/g;

/** Finds what is secret only after it is decoded: `note=password%3Dabc`, `note=Bearer+abc123`. */
function findEscapedSecrets(text: string, names: NameRules): Secret[] {
  const secrets: Secret[] = [];
  for (const { 0: part, index } of text.matchAll(PART)) {
    if (!part.includes("%") && !part.includes("+")) continue;
    const [first] = findPlainSecrets(decodeText(part.replaceAll("+", " ")), names);
    if (first !== undefined)
      secrets.push({ kind: first.kind, from: index, to: index + part.length });
  }
  return secrets;
}

/** Finds the secret that a run of word characters and dashes is, or that it introduces. */
function findSecret(text: string, from: number, names: NameRules): Found {
  const end = endOfRun(text, from);
  const first = text.charCodeAt(from);
  if (first >= ZERO && first <= NINE) return findCardNumber(text, from, end);
  if (first === DASH)
    return findPrivateKey(text, from, end) ?? findFlagValue(text, from, end, names) ?? end;
  const next = text.charCodeAt(end);
  const length = end - from;
  return (
    (length >= MIN_TOKEN_LENGTH || next === DOT || next === COLON
      ? findToken(text, from, end)
      : undefined) ??
    (first <= UPPERCASE_Z ? findIban(text, from) : undefined) ??
    (next === COLON ? findUrl(text, from, end, names) : undefined) ??
    (next === SPACE && length <= MAX_SCHEME_LENGTH
      ? findCredentials(text, from, end)
      : undefined) ??
    (mayAssign(text, end, next) ? findAssignedValue(text, from, end, names) : undefined) ??
    end
  );
}

/** Whether an assignment may follow: nearly all words of a sentence are followed by a space and a word. */
function mayAssign(text: string, end: number, next: number): boolean {
  if (next !== SPACE) return next !== COMMA && next !== DOT && !Number.isNaN(next);
  const afterSpace = text.charCodeAt(end + 1);
  return afterSpace === EQUALS || afterSpace === COLON;
}

const SPACE = 0x20;
const COMMA = 0x2c;
const HASH = 0x23;
const DASH = 0x2d;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const DOT = 0x2e;
const COLON = 0x3a;
const EQUALS = 0x3d;
const QUESTION_MARK = 0x3f;
const UPPERCASE_Z = 0x5a;

/** The characters of names and of nearly all tokens: letters, digits, `_` and `-`. */
const runCharacters: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  /[\w-]/.test(String.fromCharCode(code)),
);

function isRunCharacter(code: number): boolean {
  return code < 128 && runCharacters[code] === true;
}

function endOfRun(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length && isRunCharacter(text.charCodeAt(end))) end++;
  return end;
}

/** Returns the first position from `from` on at which the sticky pattern ends. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  pattern.test(text);
  return Math.max(from, pattern.lastIndex);
}

const PEM_BEGIN = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;

/** A private key in PEM. One that is cut off is redacted up to the end of the text. */
function findPrivateKey(text: string, from: number, end: number): Found | undefined {
  if (!text.startsWith("-----", from)) return undefined;
  const begin = endOf(PEM_BEGIN, text, from);
  if (begin === from) return end;
  const footer = text.indexOf("-----END ", begin);
  return { kind: "private key", from: begin, to: footer === -1 ? text.length : footer };
}

/** The value of a flag of a command line, as in `--password abc`. */
function findFlagValue(
  text: string,
  from: number,
  end: number,
  names: NameRules,
): Found | undefined {
  if (!text.startsWith("--", from)) return undefined;
  const name = from + 2;
  const assigned = findAssignedValue(text, name, end, names);
  if (assigned !== undefined || text.charCodeAt(end) !== SPACE) return assigned;
  return names.isSecretField(text.slice(name, end))
    ? unquotedValue(text, end + 1, false)
    : undefined;
}

const CARD_CHARACTERS = /\d(?:[ -]?\d){11,22}/y;

/** A number of 13 to 19 digits, in groups or not. */
function findCardNumber(text: string, from: number, end: number): Found {
  const to = endOf(CARD_CHARACTERS, text, from);
  if (to === from || isRunCharacter(text.charCodeAt(to))) return end;
  const isCard = isCardNumber(text.slice(from, to).replace(/[ -]/g, ""));
  return isCard ? { kind: "card number", from, to } : Math.max(end, to);
}

/** The first characters of all tokens (`TOKEN_FORMS`), so that the pattern is tested for few words. */
const TOKEN_STARTS = "eghxprswAySnGdb";

/** The shortest known token has 13 characters. */
const MIN_TOKEN_LENGTH = 13;
/** The longest beginning of a token that decides about its form. */
const TOKEN_START_LENGTH = 200;
const TOKEN_REST = /[\w.~+/=-]*/y;

function findToken(text: string, from: number, end: number): Found | undefined {
  if (!TOKEN_STARTS.includes(text.charAt(from))) return undefined;
  if (!isToken(text.slice(from, from + TOKEN_START_LENGTH))) return undefined;
  const to = endOf(TOKEN_REST, text, text.charCodeAt(end) === COLON ? end + 1 : end);
  return { kind: "token", from, to };
}

const IBAN_START = /[A-Z]{2}\d{2}/y;

function findIban(text: string, from: number): Found | undefined {
  const start = endOf(IBAN_START, text, from);
  if (start === from) return undefined;
  const length = ibanLength(text.slice(from, from + 2));
  if (length === undefined) return undefined;
  let to = start;
  let iban = text.slice(from, start);
  while (iban.length < length && to < text.length) {
    const character = text.charAt(to++);
    if (/[A-Z\d]/.test(character)) iban += character;
    else if (character !== " ") return undefined;
  }
  return iban.length === length && isIban(iban) ? { kind: "iban", from, to } : undefined;
}

const URL_REST = /[^\s"'`<>\\]*/y;

/** What is secret in a URL, from its scheme on: the part from the first difference to the last. */
function findUrl(text: string, from: number, end: number, names: NameRules): Found | undefined {
  if (!text.startsWith("://", end)) return undefined;
  const to = endOf(URL_REST, text, end);
  const url = text.slice(from, to);
  const redacted = redactUrlText(url, names);
  if (redacted === url) return to;
  const start = commonLength(url, redacted);
  const rest = url.length - start;
  const same = commonEndLength(url, redacted, Math.min(rest, redacted.length - start));
  return {
    kind: "url",
    from: from + start,
    to: to - same,
    replacement: redacted.slice(start, redacted.length - same),
  };
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one.charCodeAt(length) === other.charCodeAt(length)) length++;
  return length;
}

function commonEndLength(one: string, other: string, max: number): number {
  let length = 0;
  while (length < max && one.at(-1 - length) === other.at(-1 - length)) length++;
  return length;
}

/** User info as instrumentations write it: `url.full` of the semantic conventions has both parts. */
const MASKED_USER_INFO: ReadonlySet<string> = new Set([REDACTED, `${REDACTED}:${REDACTED}`]);

/** Redacts user info, path, query and fragment. The host stays: `http://auth:8080` looks like a name and its value. */
function redactUrlText(url: string, names: NameRules): string {
  const start = url.indexOf("://") + "://".length;
  let end = start;
  while (end < url.length && !isEndOfHost(url.charCodeAt(end))) end++;
  const at = url.lastIndexOf("@", end - 1);
  const hasSecret = at >= start && !MASKED_USER_INFO.has(url.slice(start, at));
  const host = hasSecret
    ? `${url.slice(0, start)}${REDACTED}${url.slice(at, end)}`
    : url.slice(0, end);
  if (end === url.length) return host;
  const question = url.indexOf("?", end);
  const path = question === -1 ? url.slice(end) : url.slice(end, question);
  const query =
    question === -1 ? "" : `?${redactQuery(url.slice(question + 1), names.isSecretKey)}`;
  return host + redactUrlRest(redactPath(path) + query, names);
}

function isEndOfHost(code: number): boolean {
  return code === SLASH || code === QUESTION_MARK || code === HASH;
}

const AUTHORITY = /:\/\/[^/?#&]*/g;

/** Redacts what is secret in a path or a query by its form. The hosts of URLs in it stay. */
function redactUrlRest(rest: string, names: NameRules): string {
  const searched = rest.includes("://")
    ? rest.replace(AUTHORITY, (authority) => "/".repeat(authority.length))
    : rest;
  const secrets = findPlainSecrets(searched, names);
  return secrets.length === 0 ? rest : replaceSecrets(rest, secrets);
}

const SCHEME = /^(?:bearer|basic|digest|token|apikey|negotiate)$/i;
const MAX_SCHEME_LENGTH = 9;
const CREDENTIALS = /[\w.~+/=-]*/y;
const MIN_CREDENTIALS_LENGTH = 8;

/** Credentials after the name of an HTTP authentication scheme. */
function findCredentials(text: string, from: number, end: number): Found | undefined {
  if (!SCHEME.test(text.slice(from, end))) return undefined;
  const start = end + 1;
  const to = endOf(CREDENTIALS, text, start);
  return isRandom(text.slice(start, to)) ? { kind: "credentials", from: start, to } : undefined;
}

/** Whether a text looks generated, and not like a word. */
function isRandom(text: string): boolean {
  if (text.length < MIN_CREDENTIALS_LENGTH) return false;
  return /\d/.test(text) || /[a-z][A-Z]/.test(text) || /[+/=~]/.test(text);
}

/** What stands between a name and its value: quotes, brackets, escapes, and one `=` or `:`. */
const ASSIGNMENT = /[\\"'`\]]{0,4} ?(?::|=>?) {0,2}/y;
const ESCAPES = /\\*/y;
const UNQUOTED = /[^\s,;&)}\]"'`<>|\\]*/y;
const REST_OF_LINE = /[^\r\n"'`\\]*/y;
const NOT_SECRET =
  /^(?:null|true|false|undefined|none|nil|yes|no|x{3,8}|\[?(?:redacted|filtered|masked|hidden)\]?)$/i;

/** The value after the name of a secret. */
function findAssignedValue(
  text: string,
  from: number,
  end: number,
  names: NameRules,
): Found | undefined {
  const afterName = endOf(ASSIGNMENT, text, end);
  if (afterName === end) return undefined;
  const name = text.slice(from, end);
  const inQuery = from > 0 && /[?&]/.test(text.charAt(from - 1));
  if (!(inQuery ? names.isSecretKey(name) : names.isSecretField(name))) return undefined;
  const quote = endOf(ESCAPES, text, afterName);
  const character = text.charAt(quote);
  if (/["'`]/.test(character)) return quotedValue(text, quote, quote > afterName);
  if (/cookie$/i.test(name))
    return valueRange(text, afterName, endOf(REST_OF_LINE, text, afterName));
  return unquotedValue(text, afterName, isProse(text, end, afterName));
}

/** The value in quotes, which are escaped in a text within JSON, and doubled within SQL. */
function quotedValue(text: string, quote: number, isEscaped: boolean): Found {
  const mark = text.charAt(quote);
  const isDoubled = text.charAt(quote + 1) === mark && isRunCharacter(text.charCodeAt(quote + 2));
  const start = quote + (isDoubled ? 2 : 1);
  let to = start;
  while (to < text.length && text.charAt(to) !== mark) {
    if (text.charAt(to) === "\\") {
      if (isEscaped) break;
      to++;
    }
    to++;
  }
  return valueRange(text, start, Math.min(to, text.length));
}

/** Whether the name is the end of a sentence's clause, `token: expired`, and not of an assignment. */
function isProse(text: string, end: number, afterName: number): boolean {
  return text.slice(end, afterName) === ": ";
}

const WORDS = /^[a-z]+$/;

function unquotedValue(text: string, start: number, isProse: boolean): Found {
  const to = endOf(UNQUOTED, text, start);
  const value = text.slice(start, to);
  if (SCHEME.test(value) && text.charAt(to) === " ")
    return valueRange(text, to + 1, endOf(CREDENTIALS, text, to + 1));
  if (isProse && WORDS.test(value) && /^ [a-zA-Z]/.test(text.slice(to, to + 2))) return to;
  return valueRange(text, start, to);
}

function valueRange(text: string, from: number, to: number): Found {
  return mayBeSecret(text.slice(from, Math.min(to, from + MAX_COMPARED_LENGTH)))
    ? { kind: "assignment", from, to }
    : Math.max(to, from);
}

/** Whether a value under a secret name is one, and not empty, a word of a language, or masked already. */
export function mayBeSecret(value: string): boolean {
  return ALPHANUMERIC.test(value) && !NOT_SECRET.test(value);
}

const ALPHANUMERIC = /[^\W_]|[^\0-\x7f]/;
const MAX_COMPARED_LENGTH = 200;
