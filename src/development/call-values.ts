import { inspect } from "node:util";

/** A longer value is truncated. */
const MAX_LENGTH = 200;
/** As many parameters of a call are shown. */
const MAX_VALUES = 50;

/** Returns the names and the texts of parameters: positions from 0, or the names of an object. */
export function parameterTexts(values: unknown): (readonly [key: string, text: string])[] {
  if (Array.isArray(values)) {
    return values.slice(0, MAX_VALUES).map((value, at) => [String(at), valueText(value)]);
  }
  if (values === undefined || values === null) return [];
  const prototype: unknown = typeof values === "object" ? Object.getPrototypeOf(values) : undefined;
  if (typeof values !== "object" || (prototype !== Object.prototype && prototype !== null)) {
    return [["0", valueText(values)]];
  }
  const names = Object.keys(values).slice(0, MAX_VALUES);
  return names.map((name) => [name, valueText(ownValue(values, name))]);
}

/** Returns a short text of a value. Runs no code of the app: neither getters, proxies nor `toString`. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return shortened(value);
  if (typeof value !== "object" || value === null) return shortened(String(value));
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  const text = inspect(value, {
    ...{ depth: 3, compact: true, breakLength: Infinity, customInspect: false, getters: false },
    ...{ maxArrayLength: 20, maxStringLength: MAX_LENGTH },
  });
  return shortened(text);
}

/** Returns the value of a data property; undefined for one that a getter computes. */
function ownValue(of: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(of, name)?.value;
}

function shortened(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}… (${text.length})`;
}

/** Commands of Redis whose arguments are secrets. */
const SECRET_COMMANDS = new Set(["AUTH", "HELLO", "ACL", "CONFIG", "MIGRATE"]);
const MAX_ARGUMENTS = 20;

/** Returns a command of Redis as it is typed: `GET user:1`. */
export function commandText(operation: string, args: readonly unknown[]): string {
  if (SECRET_COMMANDS.has(operation.split(" ", 1)[0] ?? "")) return `${operation} ?`;
  const shown = args.flat().slice(0, MAX_ARGUMENTS).map(argumentText);
  const more = args.length > MAX_ARGUMENTS ? " …" : "";
  return [operation, ...shown].join(" ") + more;
}

/** Returns the first argument of a command, which is its key; undefined for one with secrets. */
export function firstArgument(operation: string, args: readonly unknown[]): string | undefined {
  if (SECRET_COMMANDS.has(operation.split(" ", 1)[0] ?? "")) return undefined;
  const [key] = args.flat();
  return key === undefined ? undefined : argumentText(key);
}

function argumentText(argument: unknown): string {
  const text = Buffer.isBuffer(argument) ? bufferText(argument) : valueText(argument);
  return text === "" || /[\s"]/.test(text) ? JSON.stringify(text) : text;
}

/** Returns the text of a key; other bytes are only counted. */
function bufferText(bytes: Buffer): string {
  const text = bytes.toString("utf8", 0, MAX_LENGTH);
  return text.includes("\ufffd") ? `<${bytes.length} bytes>` : shortened(text);
}

/** Fields of the session and similar, which are no part of the query. */
const SESSION_FIELD = /^(?:\$|lsid$|txnNumber$|writeConcern$|readConcern$|api[VSD])/;
const MAX_DEPTH = 6;
const MAX_ITEMS = 20;

/** Redacts the value of a field. */
type Redact = (name: string, text: string) => string;

/** Returns a command of MongoDB as JSON, in which values that are no JSON are texts. */
export function documentText(command: object, redact: Redact): string {
  const fields = Object.keys(command).filter((name) => !SESSION_FIELD.test(name));
  const shown = fields.map((name) => [
    name,
    viewOf(name, ownValue(command, name), redact, MAX_DEPTH),
  ]);
  return JSON.stringify(Object.fromEntries(shown));
}

function viewOf(name: string, value: unknown, redact: Redact, depth: number): unknown {
  if (typeof value === "string") return redact(name, shortened(value));
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  if (typeof value !== "object") return valueText(value);
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ITEMS).map((item) => viewOf(name, item, redact, depth - 1));
  }
  const id = objectId(value);
  if (id !== undefined) return id;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (depth === 0 || (prototype !== Object.prototype && prototype !== null)) {
    return redact(name, valueText(value));
  }
  const names = Object.keys(value).slice(0, MAX_VALUES);
  const shown = names.map((key) => [key, viewOf(key, ownValue(value, key), redact, depth - 1)]);
  return Object.fromEntries(shown) as unknown;
}

function objectId(value: object): string | undefined {
  const { _bsontype: type, toHexString } = value as {
    readonly _bsontype?: unknown;
    readonly toHexString?: unknown;
  };
  if ((type !== "ObjectId" && type !== "ObjectID") || typeof toHexString !== "function") return;
  return String(Reflect.apply(toHexString, value, []));
}
