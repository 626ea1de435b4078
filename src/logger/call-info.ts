import { types } from "node:util";
import { isErrorInstance } from "../logs/data-property.ts";
import { readProperty, UNREADABLE } from "../logs/value.ts";
import { ValueCopier } from "../logs/value-copier.ts";
import { textOf } from "./json-text.ts";

/** Symbols of `triple-beam`, which winston, its formats and its transports share. */
export const LEVEL: unique symbol = Symbol.for("level");
export const MESSAGE: unique symbol = Symbol.for("message");
export const SPLAT: unique symbol = Symbol.for("splat");

/** A line as winston passes it on. It is always a new object with plain properties. */
export interface Info {
  level: string;
  message: string;
  [LEVEL]: string;
  [SPLAT]?: readonly unknown[];
  [field: string]: unknown;
}

/**
 * Creates the `info` of a call: `info("paid", { order: 12 })`, `error("failed", error)`,
 * `error(error)`, `info({ message: "paid", order: 12 })`, `info("paid %s", order)`. The
 * app's objects are read once, carefully, and never modified.
 */
export function infoOf(level: string, args: readonly unknown[]): Info {
  const parts = new CallParts();
  const [first, ...rest] = args;
  const used = typeof first === "string" ? parts.addFormat(first, rest) : 0;
  for (const value of typeof first === "string" ? rest.slice(used) : args) parts.add(value);
  const { fields, error, message } = parts;
  return {
    ...fields,
    ...(error !== undefined && { error }),
    level,
    message,
    [LEVEL]: level,
    ...(error !== undefined && { [SPLAT]: [error] }),
  };
}

/** The fields of an object that may be any; `message` and `level` are those of the line. */
const LINE_FIELDS: ReadonlySet<string> = new Set(["level", "message", "timestamp"]);

/** What the arguments of a call add to its line. */
class CallParts {
  readonly fields: Record<string, unknown> = {};
  error: object | undefined = undefined;
  message = "";

  /** Adds a message with placeholders, as of `util.format`. Returns the number of arguments that it takes. */
  addFormat(message: string, args: readonly unknown[]): number {
    let used = 0;
    this.message = message.includes("%")
      ? message.replace(PLACEHOLDER, (placeholder) => {
          if (placeholder === "%%") return args.length > 0 ? "%" : placeholder;
          return used < args.length ? formatArgument(placeholder, args[used++]) : placeholder;
        })
      : message;
    return used;
  }

  /** Adds an argument: an error, fields, or a value that belongs to the message. */
  add(value: unknown): void {
    if (value === undefined || value === null) return;
    if (this.error === undefined && isErrorInstance(value)) this.#addError(value);
    else if (isRecord(value)) this.#addFields(value);
    else this.#addText(textOf(value));
  }

  #addError(error: Error): void {
    this.error = error;
    const message = readProperty(error, "message");
    if (this.message === "") this.message = typeof message === "string" ? message : UNREADABLE;
  }

  #addFields(record: object): void {
    const fields = fieldsOf(record);
    if (fields === undefined) {
      this.#addText(UNREADABLE);
      return;
    }
    let reserved: Record<string, unknown> | undefined;
    for (const name of Object.keys(fields)) {
      const { [name]: value } = fields;
      if (name === "message" && this.message === "" && !isObject(value))
        this.#addText(String(value));
      else if (LINE_FIELDS.has(name)) (reserved ??= {})[name] = value;
      else setField(this.fields, name, value);
    }
    if (reserved !== undefined) setField(this.fields, "fields", reserved);
  }

  #addText(text: string): void {
    this.message = this.message === "" ? text : `${this.message} ${text}`;
  }
}

/** The placeholders of `util.format`. */
const PLACEHOLDER = /%[sdifjoOc%]/g;

function formatArgument(placeholder: string, value: unknown): string {
  switch (placeholder) {
    case "%d":
    case "%i":
    case "%f":
      return isObject(value) || typeof value === "function" || typeof value === "symbol"
        ? "NaN"
        : formatNumber(placeholder, value);
    case "%c":
      return "";
    case "%j":
      return typeof value === "string" ? JSON.stringify(value) : textOf(value);
    default:
      return textOf(value);
  }
}

function formatNumber(placeholder: string, value: unknown): string {
  if (typeof value === "bigint") return textOf(value);
  const text = String(value);
  if (placeholder === "%i") return String(Number.parseInt(text, 10));
  return String(placeholder === "%f" ? Number.parseFloat(text) : Number(value));
}

/** Returns the fields of a value; none if it has no fields or can't be read. */
export function fieldsOfAny(value: unknown): Readonly<Record<string, unknown>> {
  return (isRecord(value) ? fieldsOf(value) : undefined) ?? {};
}

/** Whether a value has fields: not a list, a text or another value of its own. */
function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (types.isProxy(value)) return !isListProxy(value);
  // Most records are plain objects, which need not be compared with all other types.
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  return !(
    Array.isArray(value) ||
    isErrorInstance(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  );
}

function isListProxy(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Returns the own fields of an object, or those of its `toJSON`; undefined if it can't be read. */
export function fieldsOf(record: object): Readonly<Record<string, unknown>> | undefined {
  try {
    if (typeof readProperty(record, "toJSON") === "function") {
      const copy = new ValueCopier(Infinity).copy(record);
      return isObject(copy) ? (copy as Readonly<Record<string, unknown>>) : { value: copy };
    }
    const fields: Record<string, unknown> = {};
    for (const name of Object.keys(record)) setField(fields, name, readProperty(record, name));
    return fields;
  } catch {
    return undefined;
  }
}

/** Sets a field, also one called `__proto__`, which an assignment would set as the prototype. */
export function setField(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") fields[name] = value;
  else
    Object.defineProperty(fields, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
