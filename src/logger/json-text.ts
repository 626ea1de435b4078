import { escapeUnsafe, toJsonString } from "../logs/json-string.ts";
import { ValueCopier } from "../logs/value-copier.ts";

/** Limit of the bytes of a buffer that a line shows. */
const MAX_BYTES = 1024;

/**
 * Writes a copy of a value as JSON on one line: numbers that JSON lacks as text, bytes
 * in base64. Its depth is limited by the copy.
 */
export function jsonText(value: unknown): string {
  return escapeUnsafe(toJson(value));
}

function toJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      return toJsonString(value);
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return `"${value}"`;
    case "object":
      return value === null ? "null" : referenceToJson(value);
    default:
      return "null";
  }
}

function referenceToJson(value: object): string {
  if (value instanceof Uint8Array) return `"${bytesText(value)}"`;
  if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
  let members = "";
  for (const name of Object.keys(value)) {
    const member = memberNames.get(name) ?? memberNameOf(name);
    members += member + toJson((value as Readonly<Record<string, unknown>>)[name]);
  }
  return `{${members.slice(1)}}`;
}

/** Names of members as JSON, with a comma before and a colon after: most lines have the same. */
const memberNames = new Map<string, string>();
/** More names than an app has, unless it generates them. */
const MAX_NAMES = 1000;
/** Limit of a cached name, in UTF-16 units. */
const MAX_NAME_LENGTH = 100;

function memberNameOf(name: string): string {
  const member = `,${toJsonString(name)}:`;
  if (name.length <= MAX_NAME_LENGTH && memberNames.size < MAX_NAMES) memberNames.set(name, member);
  return member;
}

function bytesText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, MAX_BYTES)).toString("base64");
  return bytes.length > MAX_BYTES ? `${text}… (${bytes.length} bytes)` : text;
}

/** Returns any value of the app as a text: a text as it is, others as JSON. Never throws. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "undefined";
  if (typeof value === "function") return "[Function]";
  const copy = new ValueCopier(Infinity).copy(value);
  return typeof copy === "string" || typeof copy === "bigint" ? String(copy) : jsonText(copy);
}
