import { propertyOf } from "../property.ts";

/** Whether a value has properties. */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * Returns the configuration that a module exports: its default export, that of an ES module
 * compiled to CommonJS, or its named exports. A function is called.
 */
export function configIn(exports: unknown): unknown {
  const config = exportedValue(exports);
  return typeof config === "function" ? (config as () => unknown)() : config;
}

function exportedValue(exports: unknown): unknown {
  let value = exports;
  for (let depth = 0; depth < 2 && isObject(value) && "default" in value; depth++)
    value = value.default;
  return value;
}

/** Describes a value by its kind: a message must not show what may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value !== "object")
    return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`;
  const name = propertyOf(propertyOf(value, "constructor"), "name");
  return typeof name === "string" && CLASS_NAME.test(name) && name !== "Object"
    ? `an instance of ${name}`
    : "an object";
}

const CLASS_NAME = /^[A-Za-z_$][\w$]{0,60}$/;

/** Returns those of the methods that a value lacks. */
export function missingMethods(value: object, names: readonly string[]): string[] {
  return names.filter((name) => typeof propertyOf(value, name) !== "function");
}
