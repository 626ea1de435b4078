import type { ReportIssue } from "./issue.ts";

/** The address of a collector as configured. */
export interface Endpoint {
  /** Without user and password. The scheme defaults to http. */
  readonly url: URL;
  /** The configured text, if it is `host:port` only. */
  readonly hostAndPort: string | undefined;
  /** User and password of the URL, as an `Authorization` header. */
  readonly authorization: string | undefined;
}

/**
 * Parses `https://host:port/path`. `host:port` is accepted as well, because it is valid
 * for gRPC. HTTP callers must check `hostAndPort`.
 */
export function parseEndpoint(text: string, report: ReportIssue): Endpoint | undefined {
  const isHostAndPort = HOST_AND_PORT.test(text);
  const url = parseUrl(isHostAndPort ? `http://${text}` : text);
  if (url === undefined || !isHttpUrl(url)) {
    report({ expected: EXPECTED_URL });
    return undefined;
  }
  const authorization = authorizationOf(url);
  url.username = url.password = url.hash = "";
  return { url, hostAndPort: isHostAndPort ? text : undefined, authorization };
}

/** The expected form in reports. */
export const EXPECTED_URL = "a URL like http://localhost:4318";

const HOST_AND_PORT = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isHttpUrl(url: URL): boolean {
  return (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "";
}

/** Credentials are removed from the URL, so that a message with the URL can't reveal them. */
function authorizationOf(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const credentials = `${decode(url.username)}:${decode(url.password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
