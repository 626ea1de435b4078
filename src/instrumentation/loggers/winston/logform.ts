import { withSignature } from "../../../context/signature.ts";
import type { PlainInfo } from "./winston-info.ts";

/** What a file of logform exports: a function with the class of its formats. */
interface LogformModule {
  readonly Format: { readonly prototype: FormatPrototype };
}

interface FormatPrototype {
  transform: FormatTransform;
}

type FormatTransform = (this: unknown, info: unknown, options: unknown) => unknown;

/**
 * Replaces the `transform` of a format of logform 2.
 *
 * @param exports what the format's file exports.
 * @param wrap receives the original and returns the replacement.
 */
export function replaceTransform(
  exports: unknown,
  wrap: (original: FormatTransform) => FormatTransform,
): void {
  const prototype = prototypeOf(exports);
  const original = prototype.transform;
  Object.defineProperty(prototype, "transform", {
    value: withSignature(wrap(original), original),
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

function prototypeOf(exports: unknown): FormatPrototype {
  const { prototype } = (exports as Partial<LogformModule>).Format ?? {};
  if (typeof prototype?.transform === "function") return prototype;
  throw new Error("a file of logform exports no format with a transform");
}

/** Whether an `info` is a plain object without `toJSON`, which JSON writes field by field. */
export function isPlainInfo(info: unknown): info is PlainInfo {
  return (
    typeof info === "object" &&
    info !== null &&
    Object.getPrototypeOf(info) === Object.prototype &&
    (info as PlainInfo)["toJSON"] === undefined
  );
}

/** Whether the options of a format are empty. Inherited options count: they change the text too. */
export function isEmpty(options: unknown): boolean {
  if (typeof options !== "object" || options === null) return false;
  for (const _ in options) return false;
  return true;
}
