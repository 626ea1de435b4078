import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account, Accounts, SignalName } from "../diagnostics/account.ts";
import type { HealthReport } from "../health/health.ts";
import { version } from "../version.ts";
import { objectionTo } from "./connections.ts";
import { packed } from "./packed.ts";
import type { AnswerOptions } from "./options.ts";

export { Connections } from "./connections.ts";

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

type Page = (request: IncomingMessage, options: AnswerOptions) => Answer | Promise<Answer>;

const pages: Readonly<Record<string, Page>> = {
  "/metrics": metricsPage,
  "/healthz": async (_request, { health, accounts }) => healthPage(await health.all(), accounts),
  "/livez": (_request, { health }) => healthPage(health.live()),
  "/readyz": async (_request, { health }) => healthPage(await health.ready()),
};

/** Answers one request; whatever happens, nothing is thrown into the app. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: AnswerOptions,
): Promise<void> {
  // A peer that is gone makes streams emit errors; nobody is interested.
  request.on("error", ignore);
  response.on("error", ignore);
  try {
    await send(request, response, await answerTo(request, options));
  } catch (error) {
    options.diagnostics.warn(
      "admin answer",
      `a request for ${pathOf(request.url)} failed: ${String(error)}`,
    );
    fail(response);
  }
}

async function answerTo(request: IncomingMessage, options: AnswerOptions): Promise<Answer> {
  const objection = objectionTo(request.headers.host, options);
  if (objection !== undefined) return text(403, objection);
  const path = pathOf(request.url);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined)
    return text(404, `Not found. There are ${Object.keys(pages).join(", ")}.\n`);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...text(405, "Only GET and HEAD.\n"), headers: { allow: "GET, HEAD" } };
  }
  return page(request, options);
}

async function metricsPage(
  request: IncomingMessage,
  { page, diagnostics }: AnswerOptions,
): Promise<Answer> {
  try {
    const made = await page(request.headers.accept);
    if (made !== undefined) return { status: 200, ...made };
    return text(404, "No Prometheus here: OTEL_METRICS_EXPORTER does not name it.\n");
  } catch (error) {
    diagnostics.warn("scrape", `the metrics could not be collected: ${String(error)}`);
    // A page with 200 and no samples would look like a process at rest.
    return text(500, "The metrics could not be collected; the process's stderr says why.\n");
  }
}

function healthPage(report: HealthReport, accounts?: Accounts): Answer {
  const content = {
    status: report.status,
    version,
    uptime_seconds: Math.round(process.uptime()),
    checks: report.checks,
    ...(accounts !== undefined && { telemetry: books(accounts) }),
  };
  return {
    status: report.status === "fail" ? 503 : 200,
    contentType: "application/json; charset=utf-8",
    body: `${JSON.stringify(content, null, 2)}\n`,
  };
}

function books(accounts: Accounts): Record<string, unknown> {
  const rows = (Object.entries(accounts) as [SignalName, Account][]).map(
    ([signal, { made, sent, queued, dropped, droppedTotal }]) =>
      [signal, { made, sent, queued, dropped: droppedTotal, ...reasonsOf(dropped) }] as const,
  );
  return Object.fromEntries(rows);
}

/** Only what happened: six zeros for each signal tell nothing. */
function reasonsOf(dropped: Account["dropped"]): { reasons?: Record<string, number> } {
  const reasons = Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0));
  return Object.keys(reasons).length > 0 ? { reasons } : {};
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  made: Answer,
): Promise<void> {
  const { body, encoding } = await packed(made.body, request.headers["accept-encoding"]);
  if (response.destroyed) return;
  response.writeHead(made.status, {
    "content-type": made.contentType,
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    vary: "accept, accept-encoding",
    ...(encoding !== undefined && { "content-encoding": encoding }),
    ...made.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function fail(response: ServerResponse): void {
  try {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  } catch {
    response.destroy();
  }
}

/**
 * The path of a request target. By hand, since `new URL` throws on what a peer
 * may send (`GET http:// HTTP/1.1`), and without a base there is none to give.
 */
function pathOf(target: string | undefined): string {
  const url = target ?? "/";
  const start = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0;
  const path = url.slice(start).split(/[?#]/, 1)[0]!;
  return path === "" ? "/" : path.slice(0, 100);
}

function text(status: number, body: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

function ignore(): void {}
