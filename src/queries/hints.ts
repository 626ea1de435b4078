import type { CallSource } from "./call.ts";

/** What a hint is derived from. */
export interface HintInput {
  readonly kind: "n+1" | "duplicate" | "similar" | "batchable" | "possible";
  readonly source: CallSource;
  readonly fingerprint: string;
  readonly targets: readonly string[];
  readonly count: number;
  readonly totalMs: number;
}

/** A query of a key that takes longer reads more than its rows. */
const SLOW_QUERY_MS = 20;

/** Returns what to do about repeated calls. */
export function hintFor(input: HintInput): string {
  const { source, kind } = input;
  if (kind === "duplicate") return duplicateHints[source];
  if (kind === "batchable") return batchHints[source];
  return source === "sql" ? sqlHint(input) : readHints[source];
}

const duplicateHints: Readonly<Record<CallSource, string>> = {
  sql: "Load it once per request and pass the result on, or cache it",
  redis: "Read it once per request and pass the value on",
  mongodb: "Load it once per request and pass the result on, or cache it",
  http: "Request it once and pass the response on, or cache it",
  other: "Call it once per request and pass the result on",
};

const batchHints: Readonly<Record<CallSource, string>> = {
  sql: "Write all rows with one statement: several rows of VALUES, or UPDATE … FROM a list",
  redis: "Send the commands together: MSET, several fields of HSET, or a pipeline",
  mongodb: "Write all documents at once: insertMany, bulkWrite, or one update with $in",
  http: "Send one request for all items, if the service has a batch endpoint",
  other: "Write all items with one call, if the service has one",
};

const readHints: Readonly<Record<CallSource, string>> = {
  sql: "",
  redis: "Read all keys at once: MGET, HMGET, or a pipeline",
  mongodb:
    "Load all documents with one find and { $in: [ids] }, with $lookup or populate, or by a DataLoader",
  http: "Request all items at once, if the service has a batch endpoint, or by a DataLoader",
  other: "Read all items with one call, if the service has one",
};

function sqlHint({ fingerprint, targets, count, totalMs }: HintInput): string {
  const [table] = targets;
  const column = comparedColumn(fingerprint);
  const condition = column === undefined ? "IN or = ANY" : `${column} IN (…) or ${column} = ANY(…)`;
  const load = `Load all rows with one query: a JOIN with the query before the loop, or ${condition}; in resolvers, by a DataLoader`;
  if (totalMs / count < SLOW_QUERY_MS || table === undefined || column === undefined) return load;
  const average = Math.round(totalMs / count);
  return `${load}. Each takes ${average} ms: look at an index on ${table} (${column.replace(/^.*\./, "")})`;
}

/** Returns the first column behind WHERE that is compared with a value, without quotes. */
function comparedColumn(fingerprint: string): string | undefined {
  const where = fingerprint.search(/\bWHERE\b/i);
  const end = where === -1 ? -1 : fingerprint.indexOf(" = ?", where);
  if (end === -1) return undefined;
  const column = fingerprint.slice(where, end).split(/[\s(]/).at(-1) ?? "";
  return /^[\w"`.]+$/.test(column) ? column.replace(/["`]/g, "") : undefined;
}
