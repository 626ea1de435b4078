import { findErrorField, isErrorInstance, readDataProperty } from "../../../logs/data-property.ts";
import { isErrorSeverity } from "../../../logs/log-observer.ts";
import { type Levels, severityOf } from "../../../logs/severity.ts";
import { LEVEL, SPLAT, type WinstonInfo } from "./winston-info.ts";

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

/**
 * Returns the error that becomes an event, if the level is severe enough: the one that
 * the line is about, or the first one among its arguments or its fields.
 *
 * @param known the error that the line is about, if it is.
 */
export function reportedErrorOf(
  info: WinstonInfo,
  known: object | undefined,
  levels: Levels,
): object | undefined {
  try {
    const { [LEVEL]: level } = info;
    if (typeof level !== "string" || !isErrorSeverity(severityOf(level, levels))) return undefined;
    if (known !== undefined) return known;
    const { [SPLAT]: splat } = info;
    const among: unknown = Array.isArray(splat) ? splat.find(isErrorInstance) : undefined;
    return isErrorInstance(among) ? among : findErrorField(info)?.[1];
  } catch {
    // The `info` can't be read.
    return undefined;
  }
}
