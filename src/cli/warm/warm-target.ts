import { propertyOf } from "../../property.ts";
import { suggest } from "../../config/suggest.ts";
import { type PageResult, requestPage } from "../health/request-page.ts";
import type { AdminTarget } from "../health/admin-targets.ts";
import type { WarmOptions } from "./options.ts";

/** What one admin server has answered. */
export interface WarmResult {
  /** Without path. */
  readonly url: string;
  readonly isSuccess: boolean;
  readonly isWrongUse: boolean;
  /** Why there is no answer, in one line. */
  readonly problem?: string | undefined;
  /** The last answer: the runs, or the list of warmers. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** Time limit of one request in milliseconds; a run is not awaited within one. */
const REQUEST_TIMEOUT_MS = 10_000;
const POLL_MS = 100;

/** Starts warmers, and waits for their end. Never rejects. */
export async function warmTarget(target: AdminTarget, options: WarmOptions): Promise<WarmResult> {
  const end = performance.now() + options.timeoutMs;
  const started = await request(target, "POST", queryOfStart(options));
  const failure = failureOf(target, started);
  if (failure !== undefined) return failure;
  const pid = propertyOf(started.content, "pid");
  let runs = runsOf(started.content);
  if (runs.length === 0)
    return problemResult(target, "no process of the app has registered a cache warmer");
  const silent = numbersOf(propertyOf(started.content, "unanswered"));
  const query = new URLSearchParams(runs.map((run) => ["run", String(propertyOf(run, "id"))]));
  while (runs.some(isRunning) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const answer = await request(target, "GET", query);
    const lost = failureOf(target, answer);
    if (lost !== undefined) return { ...lost, content: { pid, runs } };
    runs = updatedRuns(runs, answer.content);
  }
  const isSuccess =
    silent.length === 0 && runs.every((run) => propertyOf(run, "status") === "succeeded");
  const problem = problemOf(runs, silent, options);
  const content = { pid, runs };
  return { url: target.url.origin, isSuccess, isWrongUse: false, problem, content };
}

function problemOf(
  runs: readonly unknown[],
  silent: readonly number[],
  { timeoutMs }: WarmOptions,
): string | undefined {
  const problems = [
    ...silent.map((pid) => `process ${pid} has not replied in time; see --list`),
    ...(runs.some(isRunning)
      ? [`not ended within ${timeoutMs / 1000} s, and still running; see --list`]
      : []),
  ];
  return problems.length === 0 ? undefined : problems.join("; ");
}

/** Returns the runs with their state. A process that has ended no longer has its runs. */
function updatedRuns(runs: readonly unknown[], content: unknown): unknown[] {
  const known = new Map(runsOf(content).map((run) => [propertyOf(run, "id"), run]));
  const silent = new Set(numbersOf(propertyOf(content, "unanswered")));
  return runs.map((run) => {
    const found = known.get(propertyOf(run, "id"));
    if (found !== undefined) return found;
    const isKept = !isRunning(run) || silent.has(Number(propertyOf(run, "pid")));
    return isKept ? run : { ...(run as object), status: "failed", reason: "its process has ended" };
  });
}

/** Returns the warmers of an app. Never rejects. */
export async function listWarmers(target: AdminTarget, options: WarmOptions): Promise<WarmResult> {
  const answer = await request(target, "GET", new URLSearchParams());
  const failure = failureOf(target, answer);
  if (failure !== undefined) return failure;
  const content = (answer.content ?? {}) as WarmResult["content"];
  const silent = numbersOf(content["unanswered"]);
  const problem = problemOf([], silent, options);
  return {
    ...{ url: target.url.origin, isSuccess: silent.length === 0, isWrongUse: false },
    problem,
    content,
  };
}

function queryOfStart({ names, params }: WarmOptions): URLSearchParams {
  return new URLSearchParams([
    ...names.map((name) => ["name", name]),
    ...params.map((param) => ["param", param]),
  ]);
}

async function request(
  { url, token, certificate }: AdminTarget,
  method: "GET" | "POST",
  query: URLSearchParams,
): Promise<PageResult> {
  const address = new URL(url);
  address.search = query.toString();
  const headers = { authorization: `Bearer ${token}` };
  const timeoutMs = REQUEST_TIMEOUT_MS;
  return requestPage({ method, url: address, headers, certificate, timeoutMs });
}

/** Returns undefined for an answer. */
function failureOf(target: AdminTarget, result: PageResult): WarmResult | undefined {
  const { status, isHealthy, outcome, content } = result;
  if (isHealthy && content !== undefined) return undefined;
  const known = explanations[status ?? 0]?.(content);
  const problem = known ?? `no answer of an admin server: ${outcome}`;
  return problemResult(target, problem, known !== undefined);
}

/** What to do about a status. */
const explanations: Readonly<Record<number, (content: unknown) => string | undefined>> = {
  400: (content) => textOf(propertyOf(content, "problem")),
  401: () => "the app has another TELLTALE_ADMIN_TOKEN: set it to the same token for both",
  403: () =>
    "the app has no TELLTALE_ADMIN_TOKEN, or rejects this host name: set the token in its environment, and restart it",
  404: unknownNames,
  431: () => "the names and parameters are too long: their limit is 8 kB",
};

function unknownNames(content: unknown): string | undefined {
  const unknown = textsOf(propertyOf(content, "unknown"));
  const known = textsOf(propertyOf(content, "known"));
  const [first] = unknown;
  if (first === undefined) return undefined;
  const suggestion = suggest(first, known);
  const note = suggestion === undefined ? "" : `, did you mean ${suggestion}?`;
  const names = known.length === 0 ? "none is registered" : `registered: ${known.join(", ")}`;
  return `no cache warmer ${unknown.join(", ")}${note}; ${names}`;
}

function problemResult(target: AdminTarget, problem: string, isWrongUse = false): WarmResult {
  return { url: target.url.origin, isSuccess: false, isWrongUse, problem, content: {} };
}

function runsOf(content: unknown): readonly unknown[] {
  const runs = propertyOf(content, "runs");
  return Array.isArray(runs) ? runs : [];
}

function isRunning(run: unknown): boolean {
  return propertyOf(run, "status") === "running";
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "number") : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}
