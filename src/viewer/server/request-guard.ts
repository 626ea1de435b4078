import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { hasBearerToken, isSameSecret } from "../../replies/credentials.ts";

/*
 * Decides who may use a route. Pages of other sites run in the same browser, and other
 * programs listen on the same host: an address on the loopback interface protects from
 * neither.
 */

/** Who may use a route. */
export type RouteAccess =
  /** Apps: without the token, and never a browser. */
  | "app"
  /** The page and the commands, with the token or its cookie. */
  | "session"
  /** A browser that opens the address: it has the token in the query, or the cookie. */
  | "opening";

/** The secrets of one start of the viewer. */
export interface ViewerSecrets {
  /** In the printed address and in the state file. */
  readonly token: string;
  /**
   * The value of the cookie, another secret: browsers send cookies to the servers of all
   * ports of a host.
   */
  readonly cookie: string;
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 415 | 421;
  readonly reason: string;
}

export interface GuardDeps {
  readonly port: number;
  readonly secrets: ViewerSecrets;
}

/** The header that writes need: a page of another site can't send it without permission (CORS). */
export const WRITE_HEADER = "x-telltale-viewer";

/** Returns the name of the cookie, one for each port: they share the cookies of their host. */
export function cookieNameOf(port: number): string {
  return `telltale_viewer_${port}`;
}

/** Returns why a request may not use a route; undefined if it may. */
export function refusalOf(
  request: IncomingMessage,
  access: RouteAccess,
  deps: GuardDeps,
): Refusal | undefined {
  return (
    hostRefusal(request, deps.port) ??
    (access === "app" ? browserRefusal(request.headers) : siteRefusal(request.headers)) ??
    (access === "session" ? sessionRefusal(request, deps) : undefined)
  );
}

/** Whether a request has the token or its cookie. */
export function isAuthorized({ headers }: IncomingMessage, { port, secrets }: GuardDeps): boolean {
  if (hasBearerToken(headers.authorization, secrets.token)) return true;
  const cookie = cookieIn(headers.cookie, cookieNameOf(port));
  return cookie !== undefined && isSameSecret(cookie, secrets.cookie);
}

/**
 * Refuses all host names but those of the address. A page whose own name resolves to
 * 127.0.0.1 would have the origin of its own name (DNS rebinding).
 */
function hostRefusal({ headersDistinct }: IncomingMessage, port: number): Refusal | undefined {
  const hosts = headersDistinct["host"] ?? [];
  const [host = ""] = hosts;
  if (hosts.length === 1 && isViewerHost(host.toLowerCase(), port)) return undefined;
  return {
    status: 421,
    reason: `The host name must be localhost:${port}, 127.0.0.1:${port} or [::1]:${port}.`,
  };
}

const HOSTNAMES = ["localhost", "127.0.0.1", "[::1]"] as const;
/** Clients leave it out. */
const DEFAULT_PORT = 80;

function isViewerHost(host: string, port: number): boolean {
  return HOSTNAMES.some(
    (name) => host === `${name}:${port}` || (port === DEFAULT_PORT && host === name),
  );
}

/** Refuses requests of the pages of other origins, also of other ports of this host. */
function siteRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
  const { origin, host = "" } = headers;
  const site = headers["sec-fetch-site"];
  const isForeign = origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`;
  if (!isForeign && (site === undefined || site === "same-origin" || site === "none"))
    return undefined;
  return { status: 403, reason: "Requests of other sites are refused." };
}

/**
 * Refuses browsers. They send `Origin` or `Sec-Fetch-Site` with each request to a loopback
 * address; Node's `fetch` sends `Sec-Fetch-Mode` alone.
 */
function browserRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
  const names = ["origin", "sec-fetch-site", "sec-fetch-dest", "sec-fetch-user"] as const;
  if (names.every((name) => headers[name] === undefined)) return undefined;
  return { status: 403, reason: "Telemetry of browsers is refused." };
}

function sessionRefusal(request: IncomingMessage, deps: GuardDeps): Refusal | undefined {
  if (!isAuthorized(request, deps)) {
    return {
      status: 401,
      reason: "The token is missing or wrong: open the address that telltale dev has printed.",
    };
  }
  const { method, headers } = request;
  if (method === "GET" || method === "HEAD" || headers[WRITE_HEADER] === "1") return undefined;
  return { status: 403, reason: `Changes need the header ${WRITE_HEADER}: 1.` };
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals !== -1 && pair.slice(0, equals).trim() === name)
      return pair.slice(equals + 1).trim();
  }
  return undefined;
}
