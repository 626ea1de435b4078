import { escapeControlCharacters } from "../../diagnostics/escape-control-characters.ts";
import { propertyOf } from "../../property.ts";

/**
 * Returns the lines of runs: `products: succeeded in 1240 ms`, and those of caches that they
 * changed; of several processes each with its id.
 */
export function linesOfRuns(content: unknown): string[] {
  const runs = arrayOf(propertyOf(content, "runs"));
  const byProcess = Map.groupBy(runs, (run) => numberOf(run, "pid"));
  return [...byProcess].flatMap(([pid, own]) => {
    const lines = [
      ...own.map((run) => escapeControlCharacters(`${textOf(run, "warmer")}: ${outcomeOf(run)}`)),
      ...linesOfCaches(own),
    ];
    return byProcess.size === 1 ? lines : ofProcess(pid, lines);
  });
}

function ofProcess(pid: number, lines: readonly string[]): string[] {
  return lines.map((line) => `process ${pid}: ${line}`);
}

/** Returns the lines of a list of warmers, and of the caches of the process. */
export function linesOfList(content: unknown): string[] {
  const others = arrayOf(propertyOf(content, "others"));
  if (others.length === 0) return linesOfProcess(content);
  // The primary of a cluster mostly has none.
  const all = [content, ...others].filter((one) => arrayOf(propertyOf(one, "warmers")).length > 0);
  if (all.length === 0) return linesOfProcess(content);
  return all.flatMap((one) => ofProcess(numberOf(one, "pid"), linesOfProcess(one)));
}

function linesOfProcess(content: unknown): string[] {
  const warmers = arrayOf(propertyOf(content, "warmers"));
  const caches = arrayOf(propertyOf(content, "caches"));
  return [
    ...(warmers.length === 0 ? ["no cache warmer is registered"] : warmers.map(lineOfWarmer)),
    ...caches.map((cache) => `cache ${textOf(cache, "name")}: ${countsOf(cache)}`),
  ].map(escapeControlCharacters);
}

function lineOfWarmer(warmer: unknown): string {
  const every = propertyOf(warmer, "every");
  const starts = [
    ...(propertyOf(warmer, "onStart") === true ? ["at start"] : []),
    ...(typeof every === "number" ? [`every ${every / 1000} s`] : []),
    "by hand",
  ];
  const last = propertyOf(warmer, "lastRun");
  const ended =
    last === undefined
      ? "no run yet"
      : `last run at ${textOf(last, "startedAt")} (${textOf(last, "trigger")}) ${outcomeOf(last)}`;
  return `${textOf(warmer, "name")}: ${starts.join(", ")}; ${ended}`;
}

function outcomeOf(run: unknown): string {
  const [status, reason] = [textOf(run, "status"), propertyOf(run, "reason")];
  const [ms, trace] = [propertyOf(run, "durationMs"), propertyOf(run, "traceId")];
  const took = typeof ms === "number" ? ` in ${ms} ms` : "";
  const why = typeof reason === "string" ? `: ${reason}` : "";
  return `${status}${took}${why}${typeof trace === "string" ? ` (trace ${trace})` : ""}`;
}

/** The caches whose counts any of the runs has seen changing, with the first and the last ones. */
function linesOfCaches(runs: readonly unknown[]): string[] {
  const changes = new Map<string, { before: unknown; after: unknown }>();
  for (const change of runs.flatMap((run) => arrayOf(propertyOf(run, "caches")))) {
    const [before, after] = [propertyOf(change, "before"), propertyOf(change, "after")];
    const known = changes.get(textOf(change, "name"));
    if (known === undefined) changes.set(textOf(change, "name"), { before, after });
    else if (totalOf(after) > totalOf(known.after)) known.after = after;
  }
  return [...changes].flatMap(([name, { before, after }]) => {
    if (after === undefined || totalOf(before) === totalOf(after)) return [];
    const line = `cache ${name}: ${countsOf(before)} before; ${countsOf(after)} after`;
    return [escapeControlCharacters(line)];
  });
}

function countsOf(counts: unknown): string {
  const [hits, misses] = [numberOf(counts, "hits"), numberOf(counts, "misses")];
  const share = hits + misses === 0 ? "" : ` (${Math.round((100 * hits) / (hits + misses))}%)`;
  return `${hits} hits, ${misses} misses${share}`;
}

function totalOf(counts: unknown): number {
  return numberOf(counts, "hits") + numberOf(counts, "misses");
}

function numberOf(value: unknown, key: string): number {
  return Number(propertyOf(value, key) ?? 0);
}

function textOf(value: unknown, key: string): string {
  const text = propertyOf(value, key);
  return typeof text === "string" ? text : "";
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
