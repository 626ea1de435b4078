/*
 * Secrets in URLs, detected by the names of query keys, by the form of known
 * tokens, and by their position in paths. The names are two lists of patterns, which
 * the presets of the Collector have, too (`blocked_values`, compared by a test). So
 * they have no look-arounds, which Go doesn't support.
 */

import { RecentResults } from "./text.ts";

/** Separators between the words of a name: `api_key`, `api-key`, `api.key`, `api[key]`. */
const SEPARATOR = "[_.:~\\[-]*";

/** Words before `key` that make it a secret; those for tables, sorting and routing don't. */
const KEY_OWNERS =
  "api|app|application|access|account|admin|auth|aes|client|consumer|crypto|decryption|deploy|" +
  "developer|encryption|functions?|hmac|integration|licen[cs]e|master|merchant|private|priv|pgp|" +
  "publishable|rsa|secret|server|service|session|shared|sharedaccess|sign|signing|ssh|storage|" +
  "subscription|token|user|webhook|aws|azure|firebase|gcp|github|gitlab|google|maps|mailgun|" +
  "openai|pusher|sendgrid|stripe|twilio";

/** Words before `code` that make it a secret; those for countries, errors, products and coupons don't. */
const CODE_OWNERS =
  "2fa|access|activation|auth|authorization|backup|confirm|confirmation|device|invitation|invite|" +
  "login|mfa|onetime|otp|pairing|pin|recovery|reset|security|sms|totp|verification|verify";

/** Endings of the names of secrets: `csrf_token` as well as `sessiontoken`. */
export const SECRET_ENDINGS: string = [
  ...[
    "token",
    `token${SEPARATOR}hint`,
    "secret",
    `secret${SEPARATOR}(?:id|value|hash)`,
    "jwt",
    "bearer",
  ],
  `pass${SEPARATOR}(?:word|wd|phrase|code)(?:${SEPARATOR}(?:hash|confirm|confirmation|again|repeat|new|old))?`,
  `(?:user|db|card|login|admin|root|smtp|ftp)${SEPARATOR}(?:pass|pin)`,
  ...["pwd", "otp", "csrf", "xsrf", "wpnonce", "authorization", "auth", "cookie"],
  ...["credentials?", "sig", "signature", "hmac", "assertion", `saml${SEPARATOR}response`],
  ...["session", `sess(?:ion)?${SEPARATOR}(?:id|key|hash)`, `access${SEPARATOR}key${SEPARATOR}id`],
  ...[
    "mnemonic",
    `seed${SEPARATOR}phrase`,
    `code${SEPARATOR}verifier`,
    "cvv2?",
    "cvc2?",
    "iban",
    "ssn",
  ],
  ...[
    `social${SEPARATOR}security${SEPARATOR}number`,
    `credit${SEPARATOR}card(?:${SEPARATOR}(?:number|no|num))?`,
  ],
  ...[`card${SEPARATOR}(?:number|no|num|pin)`, `cc${SEPARATOR}(?:number|no|num)`],
  ...[`(?:${KEY_OWNERS})${SEPARATOR}key`, `(?:${CODE_OWNERS})${SEPARATOR}code`],
].join("|");

/** Last words of the names of secrets: `db_pass`, but not `compass`. */
export const SECRET_WORDS = "pass|pin|sid|pan";

/** Complete names of secrets: `key`, but not `sort_key`. */
export const SECRET_NAMES = "key|code|sign";

const SECRET_FIELD_PATTERN = `${SECRET_ENDINGS}|(?:^|[^a-z\\d])(?:${SECRET_WORDS})`;
const SECRET = new RegExp(`(?:${SECRET_FIELD_PATTERN}|^(?:${SECRET_NAMES}))[[\\]\\d]*$`, "i");
const SECRET_FIELD = new RegExp(`(?:${SECRET_FIELD_PATTERN})[[\\]\\d]*$`, "i");

/** Capacity of the caches: an app and the services it calls have fewer keys; an attacker has more. */
const MAX_CACHED_KEYS = 500;
const MAX_CACHED_KEY_LENGTH = 64;
/** Longer names are checked by their end, which decides. */
const MAX_NAME_LENGTH = 256;
const keyCache = new RecentResults<boolean>(MAX_CACHED_KEYS);
const fieldCache = new RecentResults<boolean>(MAX_CACHED_KEYS);

/**
 * Whether the value of a query key, spelled as in the query, is a secret. Cursors of
 * pagination (`page_token`) are redacted as well: their names look like those of
 * secrets, and their values are of no use to a reader.
 */
export function isSecretKey(key: string): boolean {
  return (
    keyCache.get(key) ??
    testName(SECRET, keyCache, key, decodeText(key.replaceAll("+", " ")).slice(-MAX_NAME_LENGTH))
  );
}

/**
 * Whether the value of a field, a header or a variable of this name is a secret. The
 * names `key`, `code` and `sign` are not, which are secrets only in queries.
 */
export function isSecretField(name: string): boolean {
  return (
    fieldCache.get(name) ?? testName(SECRET_FIELD, fieldCache, name, name.slice(-MAX_NAME_LENGTH))
  );
}

function testName(
  pattern: RegExp,
  cache: RecentResults<boolean>,
  key: string,
  name: string,
): boolean {
  // In `userPin` a capital letter begins the last word.
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1_$2");
  const isSecret = pattern.test(name) || (words !== name && pattern.test(words));
  if (key.length <= MAX_CACHED_KEY_LENGTH) cache.set(key, isSecret);
  return isSecret;
}

/** Forms of known tokens, which are redacted anywhere. */
const TOKEN_FORMS =
  "eyJ[\\w-]{8,}\\.[\\w-]+|gh[pousr]_\\w{20}|github_pat_\\w{20}|gl[a-z]{2,5}-[\\w-]{20}|" +
  "xox[abeoprs]-[\\w-]{10}|xapp-[\\w-]{10}|[prs]k_(?:live|test)_\\w{10}|whsec_\\w{16}|" +
  "A[KS]IA[A-Z\\d]{16}|AIza[\\w-]{35}|ya29\\.[\\w-]{20}|SG\\.[\\w-]{22}\\.|npm_\\w{36}|" +
  "sk-[\\w-]{20}|GOCSPX-[\\w-]{20}|hf_\\w{30}|shp(?:at|ca|pa|ss)_\\w{32}|dop_v1_\\w{32}|" +
  "pypi-[\\w-]{20}|bot\\d{6,}:[\\w-]{20}";

const TOKEN = new RegExp(`^(?:${TOKEN_FORMS})`);

/** Whether a text begins with a known token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export const REDACTED = "REDACTED";

/**
 * Redacts the secrets of a query: `a=1&token=abc` becomes `a=1&token=REDACTED`. The rest is unchanged.
 *
 * @param isKey whether the value of a key is a secret.
 */
export function redactQuery(query: string, isKey: IsKey = isSecretKey): string {
  return redactPairs(query, MAX_URL_DEPTH, isKey);
}

type IsKey = (key: string) => boolean;

/** How deep URLs are searched that are values of a query of a URL that is a value. */
const MAX_URL_DEPTH = 2;

/** @param depth how deep URLs among the values are searched */
function redactPairs(query: string, depth: number, isKey: IsKey): string {
  return query
    .split("&")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const value = pair.slice(equals + 1);
      if (equals === -1) return isSecretValue(value, depth, isKey) ? REDACTED : pair;
      const key = pair.slice(0, equals);
      if (value === "") return pair;
      return isKey(key) || isSecretValue(value, depth, isKey) ? `${key}=${REDACTED}` : pair;
    })
    .join("&");
}

/** Shorter values are redacted only by their key. */
const MIN_VALUE_LENGTH = 12;

function isSecretValue(value: string, depth: number, isKey: IsKey): boolean {
  if (value.length < MIN_VALUE_LENGTH) return false;
  if (TOKEN.test(value)) return true;
  // A return URL with its own query or password.
  const mayBeUrl = depth > 0 && /%3[ad]|:\/\//i.test(value);
  return mayBeUrl && isSecretUrl(decodeText(value), depth - 1, isKey);
}

function isSecretUrl(text: string, depth: number, isKey: IsKey): boolean {
  const question = text.indexOf("?");
  const path = question === -1 ? text : text.slice(0, question);
  if (USER_INFO.test(path) || redactPath(path) !== path) return true;
  const query = text.slice(question + 1);
  return query.includes("=") && redactPairs(query, depth, isKey) !== query;
}

/** User, and possibly password, before a host. */
const USER_INFO = /:\/\/[^/?#@]*@/;

/** Length of `/reset/` and a code of six characters. */
const MIN_PATH_LENGTH = 13;

/** Paths that are checked segment by segment; nearly all others are not. */
const SUSPICIOUS_PATH = new RegExp(
  "[;:]|hook|/services/|/workflows/|/triggers/|/interactions/|" +
    "reset|recover|verif|confirm|activat|invit|magic|unsubscribe|forgot|" +
    "(?:token|secret|passw(?:or)?d|key|auth|session|sid|otp|code)/|" +
    "/(?:eyJ|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox|xapp-|[prs]k_|whsec_|A[KS]IA|AIza|ya29|SG\\.|" +
    "npm_|sk-|GOCSPX-|hf_|shp|dop_|pypi-)",
  "i",
);

/** Paths that permit to post without other credentials: Slack, Discord, Microsoft Teams, Zapier, Telegram. */
const WEBHOOK_PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(\/(?:services|workflows|triggers)\/T\w*\/\w+\/).+/, `$1${REDACTED}`],
  [/(\/(?:webhooks|interactions)\/\d+\/)[^/]+/, `$1${REDACTED}`],
  [/(\/webhookb2\/).+/, `$1${REDACTED}`],
  [/(\/hooks\/catch\/\d+\/)[^/]+/, `$1${REDACTED}`],
  [/\/bot\d+:[^/]+/, `/bot${REDACTED}`],
  [USER_INFO, `://${REDACTED}@`],
];

/** Redacts the tokens of well-known webhooks, and of links that are sent by mail, in a path. */
export function redactPath(path: string): string {
  if (path.length < MIN_PATH_LENGTH || !SUSPICIOUS_PATH.test(path)) return path;
  let redacted = path;
  for (const [hook, replacement] of WEBHOOK_PATTERNS)
    redacted = redacted.replace(hook, replacement);
  let isAfterLink = false;
  let previous = "";
  return redacted
    .split("/")
    .map((segment) => {
      const isSecret =
        TOKEN.test(segment) || (isCode(segment) && (isAfterLink || isSecretKey(previous)));
      isAfterLink ||= SECRET_LINK.test(segment);
      previous = segment;
      return isSecret ? REDACTED : redactMatrixParameters(segment);
    })
    .join("/");
}

/** Segments that a code follows which is as good as a password: webhooks, and links sent by mail. */
const SECRET_LINK =
  /^(?:incoming[-_]?)?(?:web)?hooks?$|(?:^|[-_]|password|email|account)(?:reset|recover|verif|confirm|activat|invit|magic|unsubscribe|forgot)/i;

const MIN_CODE_LENGTH = 6;
const MAX_WORD_LENGTH = 19;

/** Whether a segment has digits, or is too long for a word. */
function isCode(segment: string): boolean {
  if (segment.length < MIN_CODE_LENGTH || segment === REDACTED) return false;
  return /\d/.test(segment) || (segment.length > MAX_WORD_LENGTH && !/[-_ ]/.test(segment));
}

/** Redacts the parameters of a segment such as `cart;jsessionid=…`. */
function redactMatrixParameters(segment: string): string {
  if (!segment.includes(";")) return segment;
  const [name = "", ...parameters] = segment.split(";");
  return [name, ...parameters.map((one) => redactPairs(one, 0, isSecretKey))].join(";");
}

/** Decodes a percent-encoded text. One that is not valid stays as it is. */
export function decodeText(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
