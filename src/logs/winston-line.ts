import type { Origin } from "./correlation.ts";
import {
  type Field,
  REQUEST_ID,
  type Role,
  type Shape,
  shapeOf,
  SPAN_ID,
  STEADY,
  TRACE_ID,
} from "./line-shape.ts";
import { isoNow } from "./moment.ts";
import { withSignature } from "../context/signature.ts";

/*
 * Winston's `format.json()` makes its serialiser anew for each line, which then
 * calls a function for each field and sorts the names: 3.5 us of an Express
 * request's 36 (measured without us), more than all that we do about the line.
 * The text of an ordinary line is written here instead, and the time of
 * `format.timestamp()`, both to the letter as there; the formats themselves do
 * what is left.
 */

/** An ordinary line as its text has it. */
export interface WrittenLine {
  readonly info: Info;
  readonly text: string;
  readonly shape: Shape;
  /** By the names of the shape. */
  readonly values: readonly unknown[];
}

/** What `format(…)` of logform gives, with the class of its formats. */
interface FormatMaker {
  readonly Format: { readonly prototype: { transform: Transform } };
}

type Transform = (this: unknown, info: unknown, options: unknown) => unknown;

/** Symbol of `triple-beam`: the text of a line. */
const MESSAGE: unique symbol = Symbol.for("message");

interface Info extends Record<string, unknown> {
  [MESSAGE]?: unknown;
}

/** The line whose format runs. */
interface FormattedLine extends Origin {
  /** It is a copy of ours. */
  readonly hasIds: boolean;
}

/**
 * Patches `json.js` of logform 2.
 *
 * @param lineOf the line that is formatted, whose ids need no escape.
 */
export function patchJson(exports: unknown, lineOf: () => FormattedLine | undefined): void {
  const prototype = prototypeOf(exports);
  const original = prototype.transform;
  replaceTransform(prototype, function (info, options) {
    if (!isOrdinary(info) || !isEmpty(options)) {
      return noted(original.call(this, info, options), options);
    }
    const line = lineOf();
    const values: unknown[] = Object.values(info);
    const text = textOf(info, values, line);
    if (text === undefined) {
      const format: Format = (given) => original.call(this, given, options);
      return noted(byFormat(format, info, values, line), options, values);
    }
    info[MESSAGE] = text;
    return info;
  });
}

type Format = (info: unknown) => unknown;

/** What was read of a line is not read again: where it has getters, their values are handed on. */
function byFormat(
  format: Format,
  info: Info,
  values: readonly unknown[],
  line: FormattedLine | undefined,
): unknown {
  const names = Object.keys(info);
  if (line?.hasIds === true || !names.some((name) => isGetter(info, name))) return format(info);
  const copy = Object.fromEntries(names.map((name, at) => [name, values[at]])) as Info;
  format(copy);
  info[MESSAGE] = copy[MESSAGE];
  return info;
}

function isGetter(info: object, name: string): boolean {
  return Object.getOwnPropertyDescriptor(info, name)?.get !== undefined;
}

/** A text that `json()` made of a line, whole: it hides nothing of it. */
interface OwnJson {
  readonly info: unknown;
  readonly text: unknown;
  /** The fields, where they were read for it. */
  readonly values: readonly unknown[] | undefined;
}

/** The last. */
let own: OwnJson | undefined;

function noted(info: unknown, options: unknown, values?: readonly unknown[]): unknown {
  const { replacer } = (options ?? {}) as { readonly replacer?: unknown };
  if (typeof info === "object" && info !== null && !replacer) {
    own = { info, text: (info as Info)[MESSAGE], values };
  }
  return info;
}

/** What `json()` made of a line, if no format after it changed its text. */
export function ownJsonOf(info: object, text: unknown): OwnJson | undefined {
  return own?.info === info && own.text === text ? own : undefined;
}

/** Patches `timestamp.js` of logform 2. */
export function patchTimestamp(exports: unknown): void {
  const prototype = prototypeOf(exports);
  const original = prototype.transform;
  replaceTransform(prototype, function (info, options) {
    if (!isOrdinary(info) || !isEmpty(options)) return original.call(this, info, options);
    if (!info["timestamp"]) info["timestamp"] = isoNow();
    return info;
  });
}

function replaceTransform(prototype: { transform: Transform }, transform: Transform): void {
  Object.defineProperty(prototype, "transform", {
    value: withSignature(transform, prototype.transform),
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** The last line that was written, until it is taken. */
let written: WrittenLine | undefined;

/** A line, if its text is still the one that was written here. */
export function takeWritten(info: object): WrittenLine | undefined {
  const line = written;
  if (line?.info !== info || line.info[MESSAGE] !== line.text) return undefined;
  written = undefined;
  return line;
}

/** The line's JSON; undefined where a field is more than a word or a number. */
function textOf(
  info: Info,
  values: readonly unknown[],
  origin: Origin | undefined,
): string | undefined {
  const shape = shapeOf(Object.keys(info));
  if (shape === undefined) return undefined;
  let text = "";
  for (const field of shape.sorted) {
    const value = values[field.at];
    switch (typeof value) {
      case "string":
        text += isId(value, field.role, origin) ? `${field.head}"${value}"` : said(field, value);
        break;
      case "number":
        text += field.head + (Number.isFinite(value) ? String(value) : "null");
        break;
      case "boolean":
        text += field.head + (value ? "true" : "false");
        break;
      case "object":
        if (value !== null) return undefined;
        text += `${field.head}null`;
        break;
      case "bigint":
        return undefined;
      default:
        // Not said, as in all of JSON.
        if (text === "") return undefined;
    }
  }
  text += "}";
  written = { info, text, shape, values };
  return text;
}

/** Whether it is an id that was put on the line, and so of letters and digits. */
function isId(value: string, role: Role, origin: Origin | undefined): boolean {
  switch (role) {
    case TRACE_ID:
      return value === origin?.trace?.traceId;
    case SPAN_ID:
      return value === origin?.trace?.spanId;
    case REQUEST_ID:
      return value === origin?.holder?.requestId;
    default:
      return false;
  }
}

/** A text with its name. Levels and most messages are the same ones again and again. */
function said(field: Field, value: string): string {
  if (field.role !== STEADY || value.length >= LONG) return field.head + quoted(value);
  if (value !== field.lastValue) {
    field.lastText = field.head + quoted(value);
    field.lastValue = value;
  }
  return field.lastText;
}

/** What JSON escapes of UTF-16: control characters, quotes, backslashes and halves of pairs. */
// oxlint-disable-next-line no-control-regex -- they are among what is escaped
const ESCAPED = /[\u0000-\u001f"\\\ud800-\udfff]/;

function quoted(text: string): string {
  return text.length < LONG && !ESCAPED.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** From here on the native writer is faster, and a text is not worth keeping. */
const LONG = 1000;

/** A plain object that JSON takes field by field. */
function isOrdinary(info: unknown): info is Info {
  return (
    typeof info === "object" &&
    info !== null &&
    Object.getPrototypeOf(info) === Object.prototype &&
    (info as Info)["toJSON"] === undefined
  );
}

/** Options change the text, inherited ones too. */
function isEmpty(options: unknown): boolean {
  if (typeof options !== "object" || options === null) return false;
  for (const _ in options) return false;
  return true;
}

function prototypeOf(exports: unknown): { transform: Transform } {
  const { prototype } = (exports as Partial<FormatMaker>).Format ?? {};
  if (typeof prototype?.transform === "function") return prototype;
  throw new Error("a file of logform exports no format with a transform");
}
