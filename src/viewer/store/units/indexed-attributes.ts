import type { OtlpValue } from "../../../otlp/attributes.ts";
import { asText } from "../../../otlp/fields.ts";
import { forEachBelow, type SpanNode } from "./span-node.ts";

/** A unit of work with many spans has other attributes than anybody filters by. */
const MAX_LENGTH = 3000;
const MAX_VALUE = 200;

/** Attributes that are long, or that all spans have. */
const SKIPPED = [
  "db.query.",
  "db.statement",
  "code.",
  "http.request.header.",
  "http.response.header.",
];

/** Returns the attributes of a unit of work for filters: lines of `key:value`. */
export function indexedAttributes(roots: readonly SpanNode[]): string {
  const lines = new Set<string>();
  let length = 0;
  forEachBelow(roots, ({ facts }) => {
    if (length > MAX_LENGTH) return;
    for (const [key, value] of Object.entries(facts.attributes)) {
      const line = lineOf(key, value);
      if (line === undefined || lines.has(line) || length + line.length > MAX_LENGTH) continue;
      lines.add(line);
      length += line.length + 1;
    }
  });
  return [...lines].join("\n");
}

function lineOf(key: string, value: OtlpValue): string | undefined {
  if (SKIPPED.some((prefix) => key.startsWith(prefix))) return undefined;
  const text = Array.isArray(value) ? value.map(textOfScalar).join(",") : textOfScalar(value);
  return text === "" || text.length > MAX_VALUE || text.includes("\n")
    ? undefined
    : `${key}:${text}`;
}

/** Returns an empty text for a map. */
function textOfScalar(value: OtlpValue): string {
  return typeof value === "boolean" ? String(value) : asText(value);
}
