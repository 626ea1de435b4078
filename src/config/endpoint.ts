import type { ReportIssue } from "./problem.ts";

/** Where a collector is, as somebody wrote it. */
export interface Endpoint {
  /** Without user and password; with http, where no scheme was given. */
  readonly url: URL;
  /** `host:port`, if that is all that was given. */
  readonly hostAndPort: string | undefined;
  /** User and password of the address, as a header. */
  readonly authorization: string | undefined;
}

/**
 * `https://host:port/path`; `host:port` alone is taken too, since gRPC may be
 * addressed so (whoever speaks HTTP has to look at `bare`).
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

/** What is expected of an address. */
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

/** Taken out of the address, so that no line that names the address gives it away. */
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
