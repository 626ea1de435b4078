import type { IncomingMessage } from "node:http";
import type {
  SignalCounters,
  TelemetryCounters,
  SignalName,
} from "../diagnostics/telemetry-counters.ts";
import type { CheckSelection, Health } from "../health/health.ts";
import { type HealthReport, reasonOf } from "../health/reports.ts";
import { version } from "../version.ts";
import type { AdminDeps } from "./deps.ts";
import { type HttpReply, jsonReply, textReply } from "../replies/http-reply.ts";

type HealthPage = "livez" | "readyz" | "healthz";

/** The longest query that is read. */
const MAX_QUERY = 1000;

const reports: Readonly<
  Record<HealthPage, (health: Health, selection: CheckSelection) => Promise<HealthReport>>
> = {
  livez: async (health) => health.live(),
  readyz: (health, selection) => health.ready(selection),
  healthz: (health, selection) => health.all(selection),
};

/** Whether a path is one of the pages of probes, or a check below one. */
export function isHealthPath(path: string): boolean {
  return /^\/(?:livez|readyz|healthz)(?:\/|$)/.test(path);
}

/**
 * Creates the pages `/livez`, `/readyz` and `/healthz`, with the forms that Kubernetes has
 * for its own: `?verbose` has a line of text for each check, `?exclude=database` leaves
 * a check out, and `/readyz/database` has that check only.
 * https://kubernetes.io/docs/reference/using-api/health-checks/
 */
export async function healthPage(
  path: string,
  request: IncomingMessage,
  { health, counters }: Pick<AdminDeps, "health" | "counters">,
): Promise<HttpReply> {
  const [, name = "", only] = /^\/(\w+)(?:\/(.+))?/.exec(path) ?? [];
  const page = name as HealthPage;
  const query = queryOf(request.url);
  const exclude = query.getAll("exclude");
  const selection = { exclude, ...(only !== undefined && { only: decode(only) }) };
  const report = await reports[page](health, selection);
  if (only !== undefined && Object.keys(report.checks).length === 0) {
    const names = Object.keys((await reports[page](health, {})).checks);
    return textReply(404, `No such check. Available: ${names.join(", ") || "none"}.\n`);
  }
  if (query.has("verbose")) return verboseReply(page, report, exclude);
  const hasTelemetry = page === "healthz" && only === undefined;
  return jsonReply(statusOf(report), contentOf(report, hasTelemetry ? counters : undefined));
}

function statusOf({ status }: HealthReport): number {
  return status === "fail" ? 503 : 200;
}

function queryOf(target: string | undefined): URLSearchParams {
  const url = target ?? "";
  const start = url.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : url.slice(start, start + MAX_QUERY));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The text of Kubernetes: a line for each check, and one for all of them. */
function verboseReply(
  page: HealthPage,
  report: HealthReport,
  exclude: readonly string[],
): HttpReply {
  const lines = Object.entries(report.checks).map(([name, check]) => {
    const label = oneLine(name);
    if (check.status === "fail") {
      const note = check.critical === false ? " (not critical)" : "";
      return `[-]${label} failed: ${reasonOf(check)}${note}`;
    }
    return check.status === "warn" ? `[+]${label} ok, with a warning` : `[+]${label} ok`;
  });
  const excluded = exclude.map((name) => `[+]${oneLine(name)} excluded: ok`);
  const result = report.status === "fail" ? "failed" : "passed";
  return textReply(
    statusOf(report),
    [...lines, ...excluded, `${page} check ${result}`, ""].join("\n"),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

function contentOf(report: HealthReport, counters: TelemetryCounters | undefined): object {
  const { status, state, reason, checks } = report;
  return {
    status,
    state,
    ...(reason !== undefined && { reason }),
    version,
    uptime_seconds: Math.round(process.uptime()),
    checks,
    ...(counters !== undefined && { telemetry: telemetryCounts(counters) }),
  };
}

/** Signals that few processes have. */
const OPTIONAL: readonly SignalName[] = ["log_lines", "profiles"];

function telemetryCounts(counters: TelemetryCounters): Record<string, unknown> {
  const rows = (Object.entries(counters) as [SignalName, SignalCounters][])
    .filter(([signal, { created }]) => !OPTIONAL.includes(signal) || created > 0)
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
