import { isIP } from "node:net";
import { _INTERNAL_filterKeyValueData } from "@sentry/core";
import type { ArrivedRequest } from "../../context/unit-views.ts";
import { isSecretKey, redactPath } from "../../secrets.ts";
import { FILTERED, filterQuery, hasToken } from "./filtered.ts";

/** What other options of the collection add to the headers. */
export interface OpenedHeaders {
  /** Headers with the user, the address or the place of the client. */
  readonly personal: boolean;
  /** The queries of addresses such as that of the referrer. */
  readonly queries: boolean;
}

/** Longer values are truncated. */
const MAX_VALUE_LENGTH = 1_000;
const MAX_HEADERS = 100;

/** Returns the headers of a request without secrets, and without what other options open. */
export function collectHeaders(
  headers: NonNullable<ArrivedRequest["headers"]>,
  opened: OpenedHeaders,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, values] of Object.entries(headers).slice(0, MAX_HEADERS)) {
    // HTTP/2's pseudo headers are the method and the address.
    if (values === undefined || name.startsWith(":") || isCookie(name)) continue;
    const value = String(values).slice(0, MAX_VALUE_LENGTH);
    if (!opened.personal && isPersonal(name, value)) continue;
    found[name] = isSecret(name, value) ? FILTERED : withoutQuery(value, opened.queries);
  }
  return _INTERNAL_filterKeyValueData(found, true);
}

function isCookie(name: string): boolean {
  return name === "cookie" || name === "set-cookie" || name === "cookie2";
}

/** Credentials of any scheme: https://www.iana.org/assignments/http-authschemes */
const CREDENTIALS = /^(?:basic|bearer|digest|negotiate|ntlm|hoba|mutual|vapid|dpop|aws4-hmac)\b/i;

/** Headers that are secrets although their names do not end like one. */
const SECRET_HEADER = /client-cert|^baggage$|^x-ms-client-principal$/;

function isSecret(name: string, value: string): boolean {
  // `x-hub-signature-256`.
  const words = name.replace(/-\d+$/, "");
  return (
    isSecretKey(words) || SECRET_HEADER.test(name) || CREDENTIALS.test(value) || hasToken(value)
  );
}

/** Headers that a proxy adds, with the user, the address or the place of the client. */
const PERSONAL_HEADER =
  /^from$|^(?:x-)?(?:original-)?forwarded(?:-for)?$|(?:^|-)(?:ip|ips|addr|user|username|useremail|email|mail|principal|identity|uid|sub|subject|account|customer|member|city|region|latitude|longitude|citylatlong|postal)(?:-|$)/;

function isPersonal(name: string, value: string): boolean {
  if (name === "user-agent" || name === "host") return false;
  return PERSONAL_HEADER.test(name) || value.includes("@") || hasIpAddress(value);
}

function hasIpAddress(value: string): boolean {
  return value.split(/[\s,;="[\]]+/).some((word) => isIP(word) !== 0);
}

/** Removes the query of an address, as of `referer`, or the secrets in it, and those in its path. */
function withoutQuery(value: string, withQuery: boolean): string {
  if (!/^(?:\w+:\/)?\//.test(value)) return value;
  const [path = "", ...query] = value.split(/[?#]/);
  const redacted = redactPath(path);
  return withQuery && query[0] !== undefined ? `${redacted}?${filterQuery(query[0])}` : redacted;
}
