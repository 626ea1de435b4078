import type { LoggerApi } from "../api.ts";
import type { CorrelationFields } from "../logs/correlation.ts";
import { isoClock } from "../logs/time/iso-clock.ts";
import { isScalar, readProperty, UNREADABLE } from "../logs/value.ts";
import { ValueCopier } from "../logs/value-copier.ts";
import { type Info, setField } from "./call-info.ts";
import { textOf } from "./json-text.ts";

/** The fields of a line, in the order in which they are written. The others follow. */
export interface Line extends CorrelationFields {
  readonly timestamp: string;
  readonly level: string;
  readonly message: string;
  readonly service: unknown;
  readonly environment: unknown;
  readonly logger: unknown;
  readonly [field: string]: unknown;
}

/** Ids that are never secrets, and would connect nothing if they were changed. */
const PLAIN_IDS = ["trace_id", "span_id", "trace_flags", "request_id"] as const;
const PLAIN_ID_NAMES: ReadonlySet<string> = new Set(PLAIN_IDS);
const OWNER_IDS = ["user_id", "organization_id"] as const;

/** The fields that are written first; `timestamp` and `level` are never the app's. */
const FIRST: ReadonlySet<string> = new Set([
  ...["timestamp", "level", "message", "service", "environment", "logger"],
  ...PLAIN_IDS,
  ...OWNER_IDS,
]);

/**
 * Creates a line of copies, with the secrets of its fields redacted. `service`,
 * `environment`, `logger` and ids that the app sets itself stay.
 *
 * @param name that of the logger.
 * @param isCorrelated whether the ids are on the `info` already.
 */
export function lineOf(info: Info, name: string, api: LoggerApi, isCorrelated: boolean): Line {
  const { ids, copies } = copyFields(info);
  const fields = api.redact(copies);
  const line: Record<string, unknown> = {
    timestamp: isoClock.now(),
    level: textOf(info.level),
    message: fields["message"],
    service: fields["service"] ?? api.service,
    environment: fields["environment"] ?? api.environment,
    logger: fields["logger"] ?? name,
  };
  for (const id of PLAIN_IDS) if (ids[id] !== undefined) line[id] = ids[id];
  for (const id of OWNER_IDS) if (fields[id] !== undefined) line[id] = fields[id];
  if (!isCorrelated) api.addIds(line);
  for (const field of Object.keys(fields)) {
    if (!FIRST.has(field)) setField(line, field, fields[field]);
  }
  return line as Line;
}

/** Returns a line that replaces one that can't be read. */
export function unreadableLine(name: string, api: LoggerApi): Line {
  return {
    timestamp: isoClock.now(),
    level: "error",
    message: UNREADABLE,
    service: api.service,
    environment: api.environment,
    logger: name,
  };
}

interface Copies {
  /** Those of `PLAIN_IDS`, which are not redacted. */
  readonly ids: Readonly<Record<string, unknown>>;
  readonly copies: Readonly<Record<string, unknown>>;
}

/** Copies the fields of an `info`. A copier has a limit of values, and each field its own. */
function copyFields(info: Info): Copies {
  const ids: Record<string, unknown> = {};
  const copies: Record<string, unknown> = {};
  for (const name of Object.keys(info)) {
    const value = readProperty(info, name);
    const copy = isScalar(value) ? value : new ValueCopier(Infinity).copy(value);
    if (copy !== undefined) setField(PLAIN_ID_NAMES.has(name) ? ids : copies, name, copy);
  }
  copies["message"] = textOf(copies["message"] ?? "");
  return { ids, copies };
}
