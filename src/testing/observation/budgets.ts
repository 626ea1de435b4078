import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../../queries/fingerprint.ts";
import { compileIgnoreRules } from "../../queries/ignore-rules.ts";
import { findRepeatedCalls, type RepeatedCallGroup } from "../../queries/repeated-calls.ts";
import { failure } from "./failure.ts";
import { callsOf, type Seen } from "./seen.ts";

/** What queries a test may make. */
export interface BudgetOptions {
  /**
   * Queries that do not count: statements (`SELECT * FROM settings*`) and places
   * (`src/reports.ts:42`); `*` is any text.
   */
  readonly ignore?: readonly string[];
}

/** A limit of the duration, relative to an earlier one. */
export interface DurationBudget {
  /** What is measured; also the name of the baseline's file. */
  readonly name: string;
  /** The folder of baselines, which belongs into the repository. */
  readonly baselines: string;
  /** How much longer it may take: 1.5 is half as long again. */
  readonly ratio: number;
}

/** Fails if more queries were made. Warns if the data are too few to find an N+1 query. */
export function maxQueries(seen: Seen, limit: number, { ignore = [] }: BudgetOptions = {}): void {
  const ignores = compileIgnoreRules(ignore);
  const calls = callsOf(seen).filter((call) => !ignores(fingerprint(call).text, call.place));
  if (calls.length > limit) {
    const counts = new Map<string, { count: number; place: string }>();
    for (const call of calls) {
      const { text } = fingerprint(call);
      const place = call.place === undefined ? "" : ` at ${call.place.file}:${call.place.line}`;
      counts.set(text, { count: (counts.get(text)?.count ?? 0) + 1, place });
    }
    const lines = [...counts]
      .toSorted(([, a], [, b]) => b.count - a.count)
      .map(([text, { count, place }]) => `  ${count} × ${text}${place}`);
    throw failure(
      [`${calls.length} queries, at most ${limit} expected:`, ...lines].join("\n"),
      maxQueries,
    );
  }
  warnOfSmallFixture(seen, limit);
}

/** Limits of which a warning was written: once in a process. */
const warned = new Set<number>();

/** An N+1 query makes one more query than there are rows: fewer rows than the limit prove nothing. */
function warnOfSmallFixture({ queries }: Seen, limit: number): void {
  const rows = queries.flatMap((query) => query.rows ?? []);
  const most = Math.max(0, ...rows);
  if (rows.length === 0 || most >= limit || warned.has(limit)) return;
  warned.add(limit);
  process.emitWarning(
    `maxQueries(${limit}) proves little: no query returned more than ${most} rows, ` +
      `so that an N+1 query would stay below the limit; use data with at least ${limit} rows`,
    { code: "TELLTALE_SMALL_FIXTURE" },
  );
}

/** Fails if one place in the app has made a query again and again with different parameters. */
export function noNPlusOne(seen: Seen, options: BudgetOptions = {}): void {
  const kinds = ["n+1", "similar", "batchable", "possible"];
  const groups = findRepeatedCalls(callsOf(seen), options);
  failOf(
    groups.filter(({ kind }) => kinds.includes(kind)),
    "N+1 query",
    noNPlusOne,
  );
}

/** Fails if a query was made again with the same parameters, and nothing was written in between. */
export function noDuplicateQueries(seen: Seen, options: BudgetOptions = {}): void {
  const groups = findRepeatedCalls(callsOf(seen), options);
  failOf(
    groups.filter(({ kind }) => kind === "duplicate"),
    "duplicate query",
    noDuplicateQueries,
  );
}

function failOf(
  groups: readonly RepeatedCallGroup[],
  title: string,
  caller: (...args: never[]) => unknown,
): void {
  if (groups.length === 0) return;
  const lines = groups.map(({ fingerprint: text, place, count, distinct, hint }) => {
    const where = place === undefined ? "an unknown place" : `${place.file}:${place.line}`;
    const sets = distinct === undefined ? "unknown parameters" : `${distinct} distinct parameters`;
    return `${title}: ${text}\n  ${count} times with ${sets}, at ${where}\n  ${hint}`;
  });
  throw failure(lines.join("\n"), caller);
}

/**
 * Fails if it took longer than its baseline allows. Records the baseline if there is none: to
 * record it again, delete its file.
 */
export function maxDuration(seen: Seen, { name, baselines, ratio }: DurationBudget): void {
  const file = join(baselines, `${name.replaceAll(/[^\w.-]+/g, "-")}.json`);
  const baseline = readBaseline(file);
  if (baseline === undefined) {
    mkdirSync(baselines, { recursive: true });
    writeFileSync(file, `${JSON.stringify({ durationMs: Number(seen.durationMs.toFixed(3)) })}\n`);
    return;
  }
  if (seen.durationMs <= baseline * ratio) return;
  throw failure(
    `${name} took ${seen.durationMs.toFixed(1)} ms, at most ${(baseline * ratio).toFixed(1)} ms expected: ` +
      `${ratio} times the ${baseline} ms of ${file}`,
    maxDuration,
  );
}

function readBaseline(file: string): number | undefined {
  try {
    const { durationMs } = JSON.parse(readFileSync(file, "utf8")) as { durationMs?: unknown };
    return typeof durationMs === "number" ? durationMs : undefined;
  } catch {
    return undefined;
  }
}

/** The limits of one observed function, of a file or of a run. */
export interface Budget extends BudgetOptions {
  readonly maxQueries?: number;
  readonly noNPlusOne?: boolean;
  readonly noDuplicateQueries?: boolean;
}

/** Fails if one of the limits is exceeded. */
export function checkBudget(seen: Seen, budget: Budget): void {
  const { ignore = [] } = budget;
  if (budget.noNPlusOne === true) noNPlusOne(seen, { ignore });
  if (budget.noDuplicateQueries === true) noDuplicateQueries(seen, { ignore });
  if (budget.maxQueries !== undefined) maxQueries(seen, budget.maxQueries, { ignore });
}
