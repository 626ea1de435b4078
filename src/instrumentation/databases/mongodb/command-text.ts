import type { Attributes } from "@opentelemetry/api";

/** A command as the driver sends it: its first key is the operation. */
export type Command = Readonly<Record<string, unknown>>;

/** Commands whose value is the name of a collection: `{ find: "items" }`. */
const collectionCommands = new Set(
  (
    "find insert update delete findAndModify findandmodify aggregate count distinct mapReduce " +
    "create drop createIndexes dropIndexes listIndexes collMod validate collStats"
  ).split(" "),
);

export function collectionOf(operation: string, command: Command): string | undefined {
  const isAbout = collectionCommands.has(operation);
  const value = isAbout ? command[operation] : operation === "getMore" && command["collection"];
  return typeof value === "string" ? value : undefined;
}

const WRITE_FIELDS = ["documents", "updates", "deletes"];

export function detailsOf(command: Command): Attributes {
  const details: Attributes = { "db.query.text": sanitizedCommand(command) };
  for (const writes of WRITE_FIELDS) {
    const length = lengthOf(command[writes]);
    if (length > 1) details["db.operation.batch.size"] = length;
  }
  return details;
}

/** Returns the number of writes; some versions wrap the list, to send it separately. */
function lengthOf(writes: unknown): number {
  if (Array.isArray(writes)) return writes.length;
  const { documents } = (writes ?? {}) as { readonly documents?: unknown };
  return Array.isArray(documents) ? documents.length : 0;
}

/** Fields of the session and similar, which are no part of the query. */
const sessionFields = /^(?:\$|lsid$|txnNumber$|writeConcern$|readConcern$|api[VSD])/;
const MAX_DEPTH = 6;
const MAX_TEXT = 2000;

/** Returns the command with `?` for every value. Fields of written documents are values too. */
function sanitizedCommand(command: Command): string {
  const [operation = ""] = Object.keys(command);
  const collection = collectionOf(operation, command);
  const entries = Object.entries(command).filter(([key]) => !sessionFields.test(key));
  const masked = Object.fromEntries(
    entries.map(([key, value]) => {
      if (value === collection) return [key, value];
      return [key, key === "documents" ? "?" : maskValues(value, MAX_DEPTH)];
    }),
  );
  return JSON.stringify(masked).slice(0, MAX_TEXT);
}

function maskValues(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth === 0) return "?";
  if (Array.isArray(value)) {
    const [first] = value as readonly unknown[];
    const isList = value.length > 0 && typeof first === "object" && first !== null;
    return isList ? value.slice(0, MAX_DEPTH).map((item) => maskValues(item, depth - 1)) : "?";
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Dates, ids, regular expressions and other values.
  if (prototype !== Object.prototype && prototype !== null) return "?";
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, maskValues(inner, depth - 1)]),
  );
}
