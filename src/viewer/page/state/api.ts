import type {
  Comparison,
  LogDetail,
  MetricSeries,
  Page,
  ProfileDetail,
  RouteSummary,
  Run,
  SourcePlace,
  UnitDetail,
  UnitSummary,
  ViewerStatus,
} from "../../model.ts";
import { offline } from "./offline.ts";

/** An answer of the server that is not the data asked for. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export async function fetchUnits(query: Query): Promise<Page<UnitSummary>> {
  return get<Page<UnitSummary>>("/api/requests", query);
}

export async function fetchUnit(id: string): Promise<UnitDetail> {
  if (offline !== undefined) return offline.request;
  return get<UnitDetail>(`/api/requests/${encodeURIComponent(id)}`);
}

export async function fetchRoutes(query: Query): Promise<readonly RouteSummary[]> {
  return get<readonly RouteSummary[]>("/api/routes", query);
}

export async function fetchLogs(query: Query): Promise<Page<LogDetail>> {
  return get<Page<LogDetail>>("/api/logs", query);
}

export async function fetchMetrics(query: Query): Promise<readonly MetricSeries[]> {
  return get<readonly MetricSeries[]>("/api/metrics", query);
}

export async function fetchRuns(): Promise<readonly Run[]> {
  return get<readonly Run[]>("/api/runs");
}

export async function fetchStatus(): Promise<ViewerStatus> {
  return get<ViewerStatus>("/api/status");
}

export async function fetchComparison(query: Query): Promise<Comparison> {
  return get<Comparison>("/api/compare", query);
}

export async function fetchProfile(id: string): Promise<ProfileDetail> {
  const known = offline?.profiles.find(({ summary }) => summary.id === id);
  return known ?? get<ProfileDetail>(`/api/profiles/${encodeURIComponent(id)}`);
}

export async function pinUnit(id: string, pinned: boolean): Promise<void> {
  await post(`/api/requests/${encodeURIComponent(id)}/pin`, { pinned });
}

export async function clearUnits(): Promise<void> {
  await send("DELETE", "/api/requests");
}

export async function nameBaseline(runId: string, name: string | null): Promise<void> {
  await post(`/api/runs/${encodeURIComponent(runId)}/baseline`, { name });
}

/** Asks for a profile of the next request of a route, or of any. */
export async function recordNext(kind: "cpu" | "allocation", name?: string): Promise<void> {
  await post("/api/profiles/next", { kind, ...(name === undefined ? {} : { name }) });
}

export async function openPlace({ file, line, column }: SourcePlace): Promise<void> {
  await post("/api/open", { file, line, ...(column === undefined ? {} : { column }) });
}

/** Imports OTLP JSON that was exported before, one signal. */
export async function importFile(text: string): Promise<void> {
  await send("POST", "/api/import", text);
}

async function get<Answer>(path: string, query: Query = {}): Promise<Answer> {
  const given = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([key, value]) => [key, String(value)]);
  const search = new URLSearchParams(given).toString();
  const response = await fetch(search === "" ? path : `${path}?${search}`);
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as Answer;
}

async function post(path: string, body: unknown): Promise<void> {
  await send("POST", path, JSON.stringify(body));
}

async function send(method: string, path: string, body?: string): Promise<void> {
  const headers = { "x-telltale-viewer": "1", "content-type": "application/json" };
  const response = await fetch(path, { method, headers, ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw await errorOf(response);
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  return new ApiError(response.status, messageIn(text) ?? `the viewer answered ${response.status}`);
}

/** Returns the message of an answer, `{"error": "…"}` or plain text. */
function messageIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "error" in value) {
      return String(value.error);
    }
  } catch {
    // Plain text.
  }
  return text === "" ? undefined : text.slice(0, 300);
}
