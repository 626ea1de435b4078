import { readDataProperty } from "../../../logs/data-property.ts";
import type { LineKeys } from "../../../logs/line-metadata.ts";
import type { TelltaleLogger } from "../../../logs/logger.ts";
import { isLossyInJson } from "../../../logs/value.ts";
import { version } from "../../../version.ts";
import { jsonLayoutOf } from "./json-layout.ts";
import type { FastJsonLine } from "./lines-in-flight.ts";
import { MESSAGE, type PlainInfo, TELLTALE_LINE, type WinstonInfo } from "./winston-info.ts";

/** Fields that repeat an attribute of the resource. */
const RESOURCE_FIELDS: ReadonlyMap<string, string> = new Map([
  ["service", "service.name"],
  ["environment", "deployment.environment.name"],
]);

/** The fields of `telltale/logger`, which writes errors with their causes. */
export const TELLTALE_KEYS: LineKeys = {
  message: "message",
  error: "error",
  hasTimestamp: true,
  resource: RESOURCE_FIELDS,
};

/** Whether `telltale/logger` has written a line. */
export function isTelltaleLine(info: WinstonInfo): boolean {
  return readDataProperty(info, TELLTALE_LINE) === true;
}

/**
 * Returns the logger of a record: that of winston, or for a line of `telltale/logger` one
 * whose scope is the name of the app's logger.
 * https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-instrumentationscope
 */
export function loggerOf(info: WinstonInfo, otelLogger: TelltaleLogger): TelltaleLogger {
  if (!isTelltaleLine(info)) return otelLogger;
  const name = readDataProperty(info, "logger");
  return typeof name === "string" && name !== "" ? otelLogger.named(name, version) : otelLogger;
}

/**
 * Returns the fields of a line of `telltale/logger` that has only texts, numbers and
 * booleans, as most have: its JSON need not be parsed, which takes 5 us.
 */
export function simpleTelltaleLine(info: WinstonInfo): FastJsonLine | undefined {
  if (!isTelltaleLine(info)) return undefined;
  const line = info as PlainInfo;
  const { [MESSAGE]: text, stack } = line;
  const layout = jsonLayoutOf(Object.keys(line));
  if (layout === undefined || typeof text !== "string" || stack !== undefined) return undefined;
  const values: unknown[] = Object.values(line);
  if (!values.every(isSimple)) return undefined;
  return { info: line, text, layout, values, resourceFields: RESOURCE_FIELDS };
}

function isSimple(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return !isLossyInJson(value);
    default:
      return false;
  }
}
