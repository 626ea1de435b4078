import type { Call } from "./call.ts";
import { httpFingerprint } from "./http-fingerprint.ts";
import { mongoFingerprint, mongoReads, mongoWrites } from "./mongo-fingerprint.ts";
import { redisFingerprint, redisReads, redisWrites } from "./redis-fingerprint.ts";
import { dialectOf, sqlFingerprint } from "./sql-fingerprint.ts";

/** A call without what differs from call to call. */
export interface Fingerprint {
  /** By which calls are shown and compared. */
  readonly text: string;
  /** What calls from one place share, also if parts of keys and paths look like names. */
  readonly group: string;
  /** Statements of transactions, pings and cursors are neither. */
  readonly effect: "read" | "write" | "none";
  /** What it reads or writes: tables, a key, a collection, a host. */
  readonly targets: readonly string[];
  /** Whether the text is the whole call: nothing is passed beside it. */
  readonly isComplete: boolean;
  /** Whether a comment of the statement excludes it. */
  readonly isIgnored: boolean;
}

type Described = Pick<Call, "source" | "system" | "text">;

/** Returns the fingerprint of a call, in time that is linear in the length of its text. */
export function fingerprint(call: Described): Fingerprint {
  const { source } = call;
  if (source === "sql") return ofSql(call);
  if (source === "redis") return ofRedis(call);
  if (source === "mongodb") return ofMongo(call);
  return source === "http" ? ofHttp(call) : ofOther(call);
}

/** Statements that write. All others that are no `reads` neither read nor write rows. */
const writes = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"]);
const reads = new Set(["SELECT", "VALUES", "TABLE", "WITH"]);

function ofSql({ text: sql, system }: Described): Fingerprint {
  const statement = sqlFingerprint(sql, dialectOf(system));
  const { text, operation, tables, hasPlaceholders, isIgnored } = statement;
  const effect = writes.has(operation) ? "write" : reads.has(operation) ? "read" : "none";
  return { text, group: text, effect, targets: tables, isComplete: !hasPlaceholders, isIgnored };
}

function ofRedis({ text: command }: Described): Fingerprint {
  const { text, operation, key } = redisFingerprint(command);
  const [first = ""] = /^[^:/.|]*/.exec(key ?? "") ?? [];
  return {
    ...{ text, group: `${operation} ${text.includes(" ?") ? "?" : first}` },
    effect: effectOf(operation, redisReads, redisWrites),
    targets: key === undefined ? [] : [key],
    // Without its key the command is only a name.
    isComplete: key !== undefined,
    isIgnored: false,
  };
}

function ofMongo({ text: command }: Described): Fingerprint {
  const { text, operation, collection } = mongoFingerprint(command);
  return {
    ...{ text, group: text },
    effect: effectOf(operation, mongoReads, mongoWrites),
    targets: collection === undefined ? [] : [collection],
    isComplete: !command.includes('"?"'),
    isIgnored: command.includes("telltale: ignore"),
  };
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);

function ofHttp({ text: request }: Described): Fingerprint {
  const { text, method, host, path } = httpFingerprint(request);
  const depth = path.split("/").length;
  return {
    ...{ text, group: `${method} ${host} ${depth}` },
    effect: SAFE_METHODS.has(method) ? "read" : "write",
    targets: [host],
    isComplete: true,
    isIgnored: false,
  };
}

function ofOther({ text }: Described): Fingerprint {
  return { text, group: text, effect: "none", targets: [], isComplete: false, isIgnored: false };
}

function effectOf(
  operation: string,
  readers: ReadonlySet<string>,
  writers: ReadonlySet<string>,
): Fingerprint["effect"] {
  if (readers.has(operation)) return "read";
  return writers.has(operation) ? "write" : "none";
}
