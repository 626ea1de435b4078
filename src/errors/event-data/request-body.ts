import { types } from "node:util";
import type { ErrorSlot } from "../../context/unit-views.ts";
import { propertyOf } from "../../property.ts";
import { isSecretKey } from "../../secrets.ts";
import { tryRead } from "../../try-read.ts";
import { FILTERED, hasToken } from "./filtered.ts";

/** Limits of a body: more of it is left out. */
const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;
const MAX_TEXT_LENGTH = 1_000;
/** Length of all names and texts, where each value counts as 8. */
const MAX_LENGTH = 20_000;

/**
 * Returns a copy of the body that the app has parsed, with its secrets masked; undefined
 * if it has parsed none. The body itself is never read. Only values with names are taken:
 * nothing shows whether a text as a whole is a secret.
 */
export function bodyOf({ parsedBody, request, frameworkRequest }: ErrorSlot): unknown {
  const candidates = [parsedBody, bodyOn(frameworkRequest), bodyOn(request)];
  const body = candidates.find(isRecord);
  return body && copyOf(body);
}

/** Returns the parsed body that a framework has put on its request or context. */
function bodyOn(request: object | undefined): unknown {
  // Koa, where the body of the context is that of the response.
  const inner = propertyOf(request, "request");
  if (typeof inner === "object" && inner !== null) return propertyOf(inner, "body");
  // Hapi; Express, Restify, Nest, Fastify.
  return propertyOf(request, "payload") ?? propertyOf(request, "body");
}

function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  // Not a stream, a buffer or a response.
  return !isOpaque(value) && typeof propertyOf(value, "pipe") !== "function";
}

function copyOf(body: object): unknown {
  const budget = { length: MAX_LENGTH };
  return tryRead(() => copyValue(body, budget, 0));
}

interface Budget {
  length: number;
}

function copyValue(value: unknown, budget: Budget, depth: number): unknown {
  if (budget.length <= 0) return undefined;
  budget.length -= 8;
  switch (typeof value) {
    case "string":
      return copyText(value, budget);
    case "number":
    case "boolean":
      return value;
    case "bigint":
      return String(value);
    case "object":
      return value === null ? null : copyObject(value, budget, depth);
    default:
      return undefined;
  }
}

function copyText(text: string, budget: Budget): string {
  if (hasToken(text)) return FILTERED;
  const cut = text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
  budget.length -= cut.length;
  return cut;
}

function copyObject(value: object, budget: Budget, depth: number): unknown {
  if (types.isDate(value)) return tryRead(() => value.toISOString());
  if (isOpaque(value)) return `[${nameOf(value)}]`;
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? "[Array]" : "[Object]";
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((entry) => copyValue(entry, budget, depth + 1));
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).slice(0, MAX_ENTRIES)) {
    if (budget.length <= 0) break;
    const name = key.slice(0, MAX_TEXT_LENGTH);
    budget.length -= name.length;
    const entry = isSecretKey(key) ? FILTERED : propertyOf(value, key);
    Object.defineProperty(copy, name, {
      value: entry === FILTERED ? FILTERED : copyValue(entry, budget, depth + 1),
      enumerable: true,
    });
  }
  return copy;
}

/** Whether an object has no fields that show what it contains: files, buffers, streams, maps. */
function isOpaque(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    types.isAnyArrayBuffer(value) ||
    types.isPromise(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    value instanceof Blob ||
    value instanceof FormData
  );
}

function nameOf(value: object): string {
  const name = propertyOf(propertyOf(value, "constructor"), "name");
  return typeof name === "string" ? name : "Object";
}
