import { isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { SPLAT, type WinstonInfo } from "./winston-info.ts";

/**
 * Returns the error that a line is about: the `info` itself, its message or the
 * first of its arguments. Undefined also if the `info` can't be read.
 */
export function errorOf(info: WinstonInfo): object | undefined {
  try {
    if (isErrorInstance(info)) return info;
    const message = readDataProperty(info, "message");
    if (typeof message === "object" && isErrorInstance(message)) return message;
    const { [SPLAT]: splat } = info;
    const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
    return typeof first === "object" && isErrorInstance(first) ? first : undefined;
  } catch {
    return undefined;
  }
}

/** Does the same for a copy of an `info`, which is plain and has no getters. */
export function errorOfCopy({ message, [SPLAT]: splat }: WinstonInfo): object | undefined {
  if (typeof message === "object" && isErrorInstance(message)) return message;
  const first: unknown = Array.isArray(splat) ? splat[0] : undefined;
  return typeof first === "object" && isErrorInstance(first) ? first : undefined;
}
