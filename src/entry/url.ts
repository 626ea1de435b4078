/**
 * Query keys whose values never leave. The first row is the conventions' own
 * (url.query); the second is what people pass all the same.
 */
export const SECRET_KEYS: ReadonlySet<string> = new Set([
  ...["awsaccesskeyid", "signature", "sig", "x-goog-signature", "x-amz-signature"],
  ...["x-amz-security-token", "x-amz-credential"],
  ...["token", "access_token", "refresh_token", "id_token", "code", "api_key", "apikey", "key"],
  ...["password", "passwd", "pwd", "secret", "client_secret", "auth", "authorization", "jwt"],
  ...["session", "sessionid", "sid"],
]);

export const REDACTED = "REDACTED";

/** A JSON Web Token, whatever the key is called. */
const TOKEN = /^eyJ[\w-]+\.eyJ[\w-]+\./;

/** `a=1&token=abc` becomes `a=1&token=REDACTED`; the order and the rest stay as they are. */
export function queryWithoutSecrets(query: string): string {
  if (!query.includes("=")) return query;
  return query
    .split("&")
    .map((pair) => {
      const equals = pair.indexOf("=");
      if (equals === -1) return pair;
      const key = pair.slice(0, equals);
      const secret =
        SECRET_KEYS.has(decoded(key).toLowerCase()) || TOKEN.test(pair.slice(equals + 1));
      return secret ? `${key}=${REDACTED}` : pair;
    })
    .join("&");
}

/** A whole URL as a span may carry it: no user info, no secrets in the query, no fragment. */
function urlWithoutSecrets(url: URL): string {
  const query = url.search === "" ? "" : `?${queryWithoutSecrets(url.search.slice(1))}`;
  const user = url.username === "" && url.password === "" ? "" : `${REDACTED}:${REDACTED}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}${query}`;
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
    url: urlWithoutSecrets(url),
    address: withoutBrackets(url.hostname),
    port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
  };
}

function withoutBrackets(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

/** `host:port`, `[::1]:80`, `host` as address and port. */
export function addressOf(authority: string): { address: string; port: number | undefined } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(authority);
  if (match === null) return { address: authority, port: undefined };
  return {
    address: match[1] ?? match[2] ?? "",
    port: match[3] === undefined ? undefined : Number(match[3]),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
