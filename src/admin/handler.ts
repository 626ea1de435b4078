import type { IncomingMessage, ServerResponse } from "node:http";
import { AccessControl } from "./access.ts";
import { compress } from "../replies/compress.ts";
import type { AdminDeps, RequestHandlerDeps } from "./deps.ts";
import { healthPage, isHealthPath } from "./health-pages.ts";
import { hostRejection } from "./host-check.ts";
import { type HttpReply, textReply } from "../replies/http-reply.ts";
import { loggersPage } from "./loggers-page.ts";
import { endpointsPage, summaryPage } from "./summary-page.ts";
import { warmingPage } from "./warming-page.ts";
import { lazy } from "../lazy.ts";

export { ConnectionLimiter } from "./connection-limiter.ts";

/** Loaded where profiles are switched on. */
const loadProfilePage = lazy<typeof import("./profile-page.ts")>("admin/profile-page.ts");

type PageHandler = (request: IncomingMessage, deps: AdminDeps) => HttpReply | Promise<HttpReply>;

const pageHandlers: Readonly<Record<string, PageHandler>> = {
  "/metrics": metricsPage,
  "/healthz": (request, deps) => healthPage("/healthz", request, deps),
  "/livez": (request, deps) => healthPage("/livez", request, deps),
  "/readyz": (request, deps) => healthPage("/readyz", request, deps),
  "/summary": (_request, { requests }) => summaryPage(requests?.()),
  "/endpoints": (request, { requests }) => endpointsPage(request.url ?? "", requests?.()),
};

/** @returns undefined if the pages require no credentials. */
export function createAccessControl({ config, diagnostics }: AdminDeps): AccessControl | undefined {
  const { access } = config.admin;
  return access && new AccessControl(access, diagnostics);
}

/** Responds to one request. Never throws or rejects. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  deps: RequestHandlerDeps,
): Promise<void> {
  await respond(request, response, deps, () => createReply(request, deps));
}

/** Responds with what `create` returns. Never throws or rejects. */
export async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { diagnostics }: Pick<AdminDeps, "diagnostics">,
  create: () => Promise<HttpReply>,
): Promise<void> {
  // Streams emit errors when the client disconnects. Without listeners these would be uncaught.
  request.on("error", noop);
  response.on("error", noop);
  try {
    await send(request, response, await create());
  } catch (error) {
    diagnostics.warn(
      "admin response",
      `a request for ${pathOf(request.url)} failed: ${String(error)}`,
    );
    failResponse(response);
  }
}

async function createReply(request: IncomingMessage, deps: RequestHandlerDeps): Promise<HttpReply> {
  const rejection = hostRejection(request.headers.host, deps);
  if (rejection !== undefined) return textReply(403, rejection);
  const path = pathOf(request.url);
  const { token } = deps.config.admin;
  if (path === "/loggers" && token !== undefined && deps.logger !== undefined) {
    return loggersPage(request, token, deps.logger());
  }
  const profiles = deps.profiling?.onDemand;
  if (profiles !== undefined && (path === "/profile/cpu" || path === "/profile/heap")) {
    return loadProfilePage().profilePage(path, request, token, profiles);
  }
  if (path === "/warm") return warmingPage(request, token, deps);
  const { accessControl } = deps;
  // Orchestrators and load balancers probe without credentials.
  const isProbe = isHealthPath(path) && accessControl?.includesProbes !== true;
  if (accessControl !== undefined && !isProbe) {
    const unauthorized = await accessControl.rejection(request.headers.authorization);
    if (unauthorized !== undefined) return unauthorized;
  }
  return createPage(path, request, deps);
}

/** Creates a page for a request that may read it. */
export async function createPage(
  path: string,
  request: IncomingMessage,
  deps: AdminDeps,
): Promise<HttpReply> {
  const page = pageAt(path);
  if (page === undefined)
    return textReply(404, `Not found. Available: ${Object.keys(pageHandlers).join(", ")}.\n`);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return {
      ...textReply(405, "Only GET and HEAD are allowed.\n"),
      headers: { allow: "GET, HEAD" },
    };
  }
  return page(request, deps);
}

function pageAt(path: string): PageHandler | undefined {
  if (Object.hasOwn(pageHandlers, path)) return pageHandlers[path];
  return isHealthPath(path) ? (request, deps) => healthPage(path, request, deps) : undefined;
}

async function metricsPage(
  request: IncomingMessage,
  { renderMetrics, diagnostics }: AdminDeps,
): Promise<HttpReply> {
  try {
    const reply = await renderMetrics(request.headers.accept);
    if (reply !== undefined) return { status: 200, ...reply };
    return textReply(
      404,
      "The Prometheus exporter is disabled: OTEL_METRICS_EXPORTER does not include prometheus.\n",
    );
  } catch (error) {
    diagnostics.warn("scrape", `the metrics could not be collected: ${String(error)}`);
    // A page with status 200 and no samples would look like an idle process.
    return textReply(500, "The metrics could not be collected; see the process's stderr.\n");
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
): Promise<void> {
  const accepted = reply.isCompressed === true ? "identity" : request.headers["accept-encoding"];
  const { body, encoding } = await compress(reply.body, accepted);
  if (response.destroyed) return;
  response.writeHead(reply.status, {
    "content-type": reply.contentType,
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    vary: "accept, accept-encoding",
    ...(encoding !== undefined && { "content-encoding": encoding }),
    ...reply.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function failResponse(response: ServerResponse): void {
  try {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  } catch {
    response.destroy();
  }
}

/**
 * Returns the path of a request target. `new URL` would throw for some valid request
 * lines (`GET http:// HTTP/1.1`).
 */
export function pathOf(target: string | undefined): string {
  const url = target ?? "/";
  const start = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0;
  const path = url.slice(start).split(/[?#]/, 1)[0]!;
  return path === "" ? "/" : path.slice(0, 100);
}

function noop(): void {}
