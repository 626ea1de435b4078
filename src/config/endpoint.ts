import type { Complain } from "./problem.ts";

/** Where a collector is, as somebody wrote it. */
export interface Endpoint {
  /** Without user and password; with http, where no scheme was given. */
  readonly url: URL;
  /** `host:port`, if that is all that was given. */
  readonly bare: string | undefined;
  /** User and password of the address, as a header. */
  readonly authorization: string | undefined;
}

/**
 * `https://host:port/path`; `host:port` alone is taken too, since gRPC may be
 * addressed so (whoever speaks HTTP has to look at `bare`).
 */
export function endpointIn(text: string, complain: Complain): Endpoint | undefined {
  const bare = hostAndPort.test(text);
  const url = urlIn(bare ? `http://${text}` : text);
  if (url === undefined || !isWeb(url)) {
    complain({ expected: ADDRESS });
    return undefined;
  }
  const authorization = authorizationOf(url);
  url.username = url.password = url.hash = "";
  return { url, bare: bare ? text : undefined, authorization };
}

/** What is expected of an address. */
export const ADDRESS = "a URL like http://localhost:4318";

const hostAndPort = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

function urlIn(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isWeb(url: URL): boolean {
  return (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "";
}

/** Taken out of the address, so that no line that names the address gives it away. */
function authorizationOf(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const credentials = `${plain(url.username)}:${plain(url.password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
