import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  SignalCounters,
  TelemetryCounters,
  SignalName,
} from "../diagnostics/telemetry-counters.ts";
import type { HealthReport } from "../health/health.ts";
import { version } from "../version.ts";
import { AccessControl } from "./access.ts";
import { compress } from "./compress.ts";
import type { AdminDeps, RequestHandlerDeps } from "./deps.ts";
import { hostRejection } from "./host-check.ts";
import { type HttpReply, jsonReply, textReply } from "./http-reply.ts";
import { loggersPage } from "./loggers-page.ts";
import { endpointsPage, summaryPage } from "./summary-page.ts";

export { ConnectionLimiter } from "./connection-limiter.ts";

type PageHandler = (request: IncomingMessage, deps: AdminDeps) => HttpReply | Promise<HttpReply>;

const pageHandlers: Readonly<Record<string, PageHandler>> = {
  "/metrics": metricsPage,
  "/healthz": async (_request, { health, counters }) => healthPage(await health.all(), counters),
  "/livez": (_request, { health }) => healthPage(health.live()),
  "/readyz": async (_request, { health }) => healthPage(await health.ready()),
  "/summary": (_request, { requests }) => summaryPage(requests?.()),
  "/endpoints": (request, { requests }) => endpointsPage(request.url ?? "", requests?.()),
};

/** The pages of probes, which orchestrators and load balancers request without credentials. */
const PROBES: ReadonlySet<string> = new Set(["/livez", "/readyz", "/healthz"]);

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
  const { accessControl } = deps;
  if (accessControl !== undefined && (accessControl.includesProbes || !PROBES.has(path))) {
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
  const page = Object.hasOwn(pageHandlers, path) ? pageHandlers[path] : undefined;
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

function healthPage(report: HealthReport, counters?: TelemetryCounters): HttpReply {
  const content = {
    status: report.status,
    version,
    uptime_seconds: Math.round(process.uptime()),
    checks: report.checks,
    ...(counters !== undefined && { telemetry: telemetryCounts(counters) }),
  };
  return jsonReply(report.status === "fail" ? 503 : 200, content);
}

function telemetryCounts(counters: TelemetryCounters): Record<string, unknown> {
  const rows = (Object.entries(counters) as [SignalName, SignalCounters][])
    .filter(([signal, { created }]) => signal !== "log_lines" || created > 0)
    .map(([signal, signalCounters]) => [signal, signalCounts(signalCounters)] as const);
  const { traces } = counters.events;
  const counts: Record<string, object> = Object.fromEntries(rows);
  return { ...counts, events: { ...counts["events"], traces } };
}

/** `recovered` is a part of `created`, and `stored` of `queued`. */
function signalCounts(counters: SignalCounters): Record<string, unknown> {
  const { created, sent, queued, dropped, droppedTotal, recovered, stored } = counters;
  return {
    created,
    sent,
    queued,
    dropped: droppedTotal,
    ...dropReasons(dropped),
    ...(recovered > 0 && { recovered }),
    ...(stored > 0 && { stored }),
  };
}

/** Omits the reasons that did not occur. */
function dropReasons(dropped: SignalCounters["dropped"]): { reasons?: Record<string, number> } {
  const reasons = Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0));
  return Object.keys(reasons).length > 0 ? { reasons } : {};
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
): Promise<void> {
  const { body, encoding } = await compress(reply.body, request.headers["accept-encoding"]);
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
