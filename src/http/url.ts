import { redactPath, redactQuery, REDACTED } from "./secrets.ts";

/** A whole URL as a span may carry it: no user info, no secrets in path and query, no fragment. */
function redactUrl(url: URL): string {
  const query = url.search === "" ? "" : `?${redactQuery(url.search.slice(1))}`;
  const user = url.username === "" && url.password === "" ? "" : `${REDACTED}:${REDACTED}@`;
  return `${url.protocol}//${user}${url.host}${redactPath(url.pathname)}${query}`;
}

/** Where a call goes, as a span may carry it. */
export interface Target {
  /** Without secrets. */
  readonly url: string;
  /** A host, without the brackets of IPv6. */
  readonly address: string;
  readonly port: number;
}

/** A request target that is a whole URL: what proxies are sent. */
const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\//i;

/**
 * What a request to `origin` (`http://host:port`) for `path` is about; without
 * the path if the two make no URL together (`OPTIONS *`).
 *
 * @returns undefined if the origin is none
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

/** `host:port`, `[::1]:80`, `host` as address and port. */
export function parseAuthority(authority: string): { address: string; port: number | undefined } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(authority);
  if (match === null) return { address: authority, port: undefined };
  return {
    address: match[1] ?? match[2] ?? "",
    port: match[3] === undefined ? undefined : Number(match[3]),
  };
}
