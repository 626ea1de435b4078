import { suggest } from "../config/suggest.ts";
import { propertyOf } from "../property.ts";
import { tryRead } from "../try-read.ts";
import { type ExtensionKey, ignoredKeys, keys, type KeyShape } from "./keys.ts";
import type { ExtensionReport } from "./report.ts";
import { isObject, kindOf, missingMethods } from "./values.ts";

/** The usable values of a configuration. Components have the methods of `keys`. */
export type ReadConfig = Readonly<Partial<Record<ExtensionKey, unknown>>>;

const LEFT_OUT = "it is left out";

/** Keys of a configuration are a few; one with thousands is no configuration. */
const MAX_KEYS = 100;

/** Reads a configuration. What is unknown or of a wrong type is reported and left out. Never throws. */
export function readConfig(config: object, report: ExtensionReport): ReadConfig {
  const names = tryRead(() => Object.keys(config)) ?? [];
  const usable: Partial<Record<ExtensionKey, unknown>> = {};
  for (const name of names.slice(0, MAX_KEYS)) {
    if (isKey(name)) {
      const value = readValue(name, propertyOf(config, name), report);
      if (value !== undefined) usable[name] = value;
    } else reportUnknown(name, report);
  }
  return usable;
}

function isKey(name: string): name is ExtensionKey {
  return Object.hasOwn(keys, name);
}

function reportUnknown(name: string, report: ExtensionReport): void {
  const reason = Object.hasOwn(ignoredKeys, name) ? ignoredKeys[name] : undefined;
  // Of an ES module that was compiled to CommonJS.
  if (name === "__esModule") return;
  if (reason === undefined) report.unknown(name.slice(0, 60), suggest(name, Object.keys(keys)));
  else report.ignored(name, reason);
}

/** Returns the value, its usable part, or undefined. */
function readValue(key: ExtensionKey, value: unknown, report: ExtensionReport): unknown {
  if (value === undefined) return undefined;
  const shape: KeyShape = keys[key];
  if (shape.kind === "components") return readList(key, value, shape.methods, report);
  if (shape.kind === "component") {
    if (value === null && shape.nullable === true) return null;
    return checkComponent(key, value, shape.methods, report) ? value : undefined;
  }
  if (isOfKind(shape.kind, value)) return value;
  report.invalid(key, kindOf(value), expectedKinds[shape.kind], LEFT_OUT);
  return undefined;
}

const expectedKinds = {
  function: "a function",
  text: "a text",
  object: "an object",
} as const;

function isOfKind(kind: keyof typeof expectedKinds, value: unknown): boolean {
  switch (kind) {
    case "function":
      return typeof value === "function";
    case "text":
      return typeof value === "string" && value !== "";
    default:
      return typeof value === "object" && value !== null && !Array.isArray(value);
  }
}

/** Returns the usable entries of a list, of any depth; a single component is a list of one. */
function readList(
  key: string,
  value: unknown,
  methods: readonly string[],
  report: ExtensionReport,
): object[] {
  if (!Array.isArray(value)) {
    if (!checkComponent(key, value, methods, report, `a list of ${expectedOf(methods)}`)) return [];
    report.invalid(key, kindOf(value), "a list", "a list of it is used");
    return [value];
  }
  return value.flatMap((entry: unknown, index) =>
    Array.isArray(entry)
      ? readList(`${key}[${index}]`, entry, methods, report)
      : checkComponent(`${key}[${index}]`, entry, methods, report)
        ? [entry]
        : [],
  );
}

function checkComponent(
  place: string,
  value: unknown,
  methods: readonly string[],
  report: ExtensionReport,
  expected = expectedOf(methods),
): value is object {
  const missing = isObject(value) ? missingMethods(value, methods) : [];
  if (isObject(value) && missing.length === 0) return true;
  const without = missing.length === 0 ? "" : ` without ${missing.join(" and ")}`;
  report.invalid(place, `${kindOf(value)}${without}`, expected, LEFT_OUT);
  return false;
}

function expectedOf(methods: readonly string[]): string {
  return methods.length === 0 ? "an object" : `an object with ${methods.join(", ")}`;
}
