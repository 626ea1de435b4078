/** An auth token of Sentry, with what its text contains. */
export interface AuthToken {
  readonly text: string;
  /** The organization and the address of Sentry, which only tokens of organizations contain. */
  readonly organization: string | undefined;
  readonly url: string | undefined;
}

/** The characters of a bearer's token (RFC 6750, 2.1). Those of organizations contain `=` inside. */
const TOKEN = /^[\w.~+/=-]+$/;

/** A token of an organization: `sntrys_`, base64 of JSON, and the secret itself. */
const ORGANIZATION_TOKEN = /^sntrys_([^_]+)_/;

/** The texts of any token of Sentry. */
const ANY_TOKEN = /sntry[a-z]_[\w.~+/=-]+/g;

/** A part that is shorter occurs in other texts. */
const MIN_SECRET_LENGTH = 16;

const MASK = "***";

/**
 * Parses an auth token. https://docs.sentry.io/account/auth-tokens/
 *
 * @returns undefined for a text that can't be one.
 */
export function parseAuthToken(text: string): AuthToken | undefined {
  if (!TOKEN.test(text)) return undefined;
  const { org, url } = payloadOf(text);
  return { text, organization: nonEmptyText(org), url: nonEmptyText(url) };
}

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  const encoded = ORGANIZATION_TOKEN.exec(token)?.[1];
  if (encoded === undefined) return {};
  try {
    const payload: unknown = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
    return typeof payload === "object" && payload !== null ? { ...payload } : {};
  } catch {
    return {};
  }
}

function nonEmptyText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Removes secrets from a text. */
export type Mask = (text: string) => string;

/**
 * Returns a function that replaces tokens in any text, also where one is encoded for a
 * URL or only its secret is repeated, and all other tokens that have Sentry's form. A
 * text must not be truncated before.
 */
export function createMask(...tokens: readonly (string | undefined)[]): Mask {
  const secrets = tokens.flatMap((token) => (token === undefined ? [] : formsOf(token)));
  return (text) =>
    secrets
      .reduce((masked, secret) => masked.replaceAll(secret, MASK), text)
      .replaceAll(ANY_TOKEN, MASK);
}

function formsOf(token: string): string[] {
  const secret = token.slice(token.lastIndexOf("_") + 1);
  const parts = [token, ...(secret.length >= MIN_SECRET_LENGTH ? [secret] : [])];
  return [...new Set(parts.flatMap((part) => [encodeURIComponent(part), part]))];
}
