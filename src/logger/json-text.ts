import { toJsonString } from "../logs/json-string.ts";
import { ValueCopier } from "../logs/value-copier.ts";

/** Limit of the bytes of a buffer that a line shows. */
const MAX_BYTES = 1024;

/**
 * Characters that JSON leaves as they are and that end a line, move the cursor of a
 * terminal or reverse the order of the text for some readers.
 */
const UNSAFE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Writes a text as JSON on one line. */
export function jsonString(text: string): string {
  return toJsonString(text).replace(UNSAFE, escapeCharacter);
}

/**
 * Writes a copy of a value as JSON on one line: numbers that JSON lacks as text, bytes
 * in base64. Its depth is limited by the copy.
 */
export function jsonText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "boolean":
      return String(value);
    case "bigint":
      return `"${value}"`;
    case "object":
      return value === null ? "null" : jsonReference(value);
    default:
      return "null";
  }
}

function jsonReference(value: object): string {
  if (value instanceof Uint8Array) return `"${bytesText(value)}"`;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${jsonString(name)}:${jsonText(member)}`,
  );
  return `{${members.join(",")}}`;
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

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
