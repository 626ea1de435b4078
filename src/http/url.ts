import { redactPath, redactQuery, REDACTED } from "../secrets.ts";

/** Returns a URL fit for a span: no user info, no secrets in path and query, no fragment. */
function redactUrl(url: URL): string {
  const query = url.search === "" ? "" : `?${redactQuery(url.search.slice(1))}`;
  const user = url.username === "" && url.password === "" ? "" : `${REDACTED}:${REDACTED}@`;
  return `${url.protocol}//${user}${url.host}${redactPath(url.pathname)}${query}`;
}

/** Target of an outgoing call, fit for a span. */
export interface Target {
  /** URL without secrets. */
  readonly url: string;
  /** Host, without the brackets of IPv6. */
  readonly address: string;
  readonly port: number;
}

/** Request target in absolute form, as sent to proxies. */
const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\//i;

/**
 * Returns the target of a request to `origin` (`http://host:port`) for `path`;
 * without the path if the two are no URL together (`OPTIONS *`).
 *
 * @returns undefined if the origin is invalid
 */
export function targetOf(origin: string, path: string): Target | undefined {
  const url =
    URL.parse(ABSOLUTE.test(path) ? path : origin.replace(/\/$/, "") + path) ?? URL.parse(origin);
  if (url === null) return undefined;
  return {
    url: redactUrl(url),
    address: withoutBrackets(url.hostname),
    port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
  };
}

function withoutBrackets(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

/** Splits `host:port`, `[::1]:80` or `host` into address and port. */
export function parseAuthority(authority: string): { address: string; port: number | undefined } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(authority);
  if (match === null) return { address: authority, port: undefined };
  return {
    address: match[1] ?? match[2] ?? "",
    port: match[3] === undefined ? undefined : Number(match[3]),
  };
}
