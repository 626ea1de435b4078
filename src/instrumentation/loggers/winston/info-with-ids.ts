import { type CorrelationFields, injectIds, type LogContext } from "../../../logs/correlation.ts";

/**
 * Copies an `info` and puts the ids on the copy. Returns undefined where a copy
 * would not behave like the original: instances, errors, arrays, getters that throw.
 */
export function copyWithIds(info: object, logContext: LogContext): object | undefined {
  try {
    if (Object.getPrototypeOf(info) !== Object.prototype) return undefined;
    const copy: CorrelationFields = { ...info };
    injectIds(copy, logContext);
    return copy;
  } catch {
    return undefined;
  }
}

const ID_KEYS = [
  "trace_id",
  "span_id",
  "trace_flags",
  "request_id",
  "user_id",
  "organization_id",
] as const satisfies (keyof CorrelationFields)[];

/**
 * Runs a format on an object with the ids on it, and removes them afterwards: an
 * error that is logged and then thrown must look as it would without telltale. An
 * object that refuses the ids (frozen, a proxy) is formatted without them.
 */
export function withTemporaryIds<R>(
  info: CorrelationFields,
  logContext: LogContext,
  format: () => R,
): R {
  let addedKeys: (keyof CorrelationFields)[] = [];
  try {
    addedKeys = ID_KEYS.filter((key) => !Object.hasOwn(info, key));
    injectIds(info, logContext);
  } catch {
    // The object refuses the ids.
  }
  try {
    return format();
  } finally {
    for (const key of addedKeys) Reflect.deleteProperty(info, key);
  }
}
