import {
  isSecretField,
  isSecretKey,
  isToken,
  redactPath,
  redactQuery,
  REDACTED,
} from "../secrets.ts";
import { ibanLength, isCardNumber, isIban } from "./checksums.ts";

/** Where a secret is in a text: from the first character to the one after the last. */
interface SecretRange {
  readonly from: number;
  readonly to: number;
  /** What replaces it, if not `REDACTED`. */
  readonly replacement?: string;
}

/** A secret, or the position at which the search continues. */
type Found = SecretRange | number;

/**
 * Redacts secrets in free text: tokens by their form, credentials after `Bearer` and
 * `Basic`, values after the name of a secret (`password=…`, `"apiKey":"…"`), passwords
 * and tokens in URLs, private keys, card numbers and IBANs. The rest of the text stays
 * the same. One pass from left to right, in linear time.
 */
export function redactText(text: string): string {
  let redacted = "";
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    if (!isRunCharacter(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const found = findSecret(text, at);
    if (typeof found === "number") {
      at = found;
      continue;
    }
    redacted += text.slice(copied, found.from) + (found.replacement ?? REDACTED);
    copied = found.to;
    at = found.to;
  }
  return copied === 0 ? text : redacted + text.slice(copied);
}

/** Finds the secret that a run of word characters and dashes is, or that it introduces. */
function findSecret(text: string, from: number): Found {
  const end = endOfRun(text, from);
  const first = text.charCodeAt(from);
  if (first >= ZERO && first <= NINE) return findCardNumber(text, from, end);
  if (first === DASH)
    return findPrivateKey(text, from, end) ?? findFlagValue(text, from, end) ?? end;
  const next = text.charCodeAt(end);
  const length = end - from;
  return (
    (length >= MIN_TOKEN_LENGTH || next === DOT || next === COLON
      ? findToken(text, from, end)
      : undefined) ??
    (first <= UPPERCASE_Z ? findIban(text, from) : undefined) ??
    (next === COLON ? findUrl(text, from, end) : undefined) ??
    (next === SPACE && length <= MAX_SCHEME_LENGTH
      ? findCredentials(text, from, end)
      : undefined) ??
    (mayAssign(text, end, next) ? findAssignedValue(text, from, end) : undefined) ??
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
const DASH = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const DOT = 0x2e;
const COLON = 0x3a;
const EQUALS = 0x3d;
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
  return { from: begin, to: footer === -1 ? text.length : footer };
}

/** The value of a flag of a command line, as in `--password abc`. */
function findFlagValue(text: string, from: number, end: number): Found | undefined {
  if (!text.startsWith("--", from)) return undefined;
  const name = from + 2;
  const assigned = findAssignedValue(text, name, end);
  if (assigned !== undefined || text.charCodeAt(end) !== SPACE) return assigned;
  return isSecretField(text.slice(name, end)) ? unquotedValue(text, end + 1, false) : undefined;
}

const CARD_CHARACTERS = /\d(?:[ -]?\d){11,22}/y;

/** A number of 13 to 19 digits, in groups or not. */
function findCardNumber(text: string, from: number, end: number): Found {
  const to = endOf(CARD_CHARACTERS, text, from);
  if (to === from || isRunCharacter(text.charCodeAt(to))) return end;
  const isCard = isCardNumber(text.slice(from, to).replace(/[ -]/g, ""));
  return isCard ? { from, to } : Math.max(end, to);
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
  return { from, to: endOf(TOKEN_REST, text, text.charCodeAt(end) === COLON ? end + 1 : end) };
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
  return iban.length === length && isIban(iban) ? { from, to } : undefined;
}

const URL_REST = /[^\s"'`<>\\]*/y;

/** A URL, from its scheme on: what is secret in it is replaced, the rest stays. */
function findUrl(text: string, from: number, end: number): Found | undefined {
  if (!text.startsWith("://", end)) return undefined;
  const to = endOf(URL_REST, text, end);
  return { from, to, replacement: redactUrlText(text.slice(from, to)) };
}

const USER_INFO = /:\/\/[^/?#@]*@/;

function redactUrlText(url: string): string {
  const question = url.indexOf("?");
  const path = question === -1 ? url : url.slice(0, question);
  const query = question === -1 ? "" : `?${redactQuery(url.slice(question + 1))}`;
  return redactPath(path).replace(USER_INFO, `://${REDACTED}@`) + query;
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
  return isRandom(text.slice(start, to)) ? { from: start, to } : undefined;
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
function findAssignedValue(text: string, from: number, end: number): Found | undefined {
  const afterName = endOf(ASSIGNMENT, text, end);
  if (afterName === end) return undefined;
  const name = text.slice(from, end);
  const inQuery = from > 0 && /[?&]/.test(text.charAt(from - 1));
  if (!(inQuery ? isSecretKey(name) : isSecretField(name))) return undefined;
  const quote = endOf(ESCAPES, text, afterName);
  const character = text.charAt(quote);
  if (/["'`]/.test(character)) return quotedValue(text, quote, quote > afterName);
  if (/cookie$/i.test(name))
    return valueRange(text, afterName, endOf(REST_OF_LINE, text, afterName));
  return unquotedValue(text, afterName, isProse(text, end, afterName));
}

/** The value in quotes, which in a text within JSON are escaped themselves. */
function quotedValue(text: string, quote: number, isEscaped: boolean): Found {
  const mark = text.charAt(quote);
  const start = quote + 1;
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
    ? { from, to }
    : Math.max(to, from);
}

/** Whether a value under a secret name is one, and not empty, a word of a language, or masked already. */
export function mayBeSecret(value: string): boolean {
  return ALPHANUMERIC.test(value) && !NOT_SECRET.test(value);
}

const ALPHANUMERIC = /[^\W_]|[^\0-\x7f]/;
const MAX_COMPARED_LENGTH = 200;
