import {
  attributesOf,
  type OtlpAttributes,
  type OtlpValue,
  valueOf,
} from "../../../otlp/attributes.ts";
import { asNumber, asText } from "../../../otlp/fields.ts";
import { truncate } from "../../../text.ts";
import type { LogDetail } from "../../model.ts";
import { errorKey, errorKeyOf } from "../units/error-key.ts";
import { millisecondsOf } from "../units/milliseconds.ts";
import type { OtlpItem } from "../items/otlp-items.ts";
import { serviceOf, textOf } from "../units/service.ts";

/** The lowest severity number of each level of OpenTelemetry. */
const levels = [
  { from: 21, level: "fatal" },
  { from: 17, level: "error" },
  { from: 13, level: "warn" },
  { from: 9, level: "info" },
  { from: 5, level: "debug" },
  { from: 1, level: "trace" },
] as const;

export const ERROR_SEVERITY = 17;

const MAX_MESSAGE = 16_000;

/** @throws if a time is malformed. */
export function logDetailOf({ value, resource, scope }: OtlpItem): LogDetail {
  const severity = asNumber(value["severityNumber"]);
  const attributes = attributesOf(value["attributes"]);
  const logger = textOf(attributes["logger.name"] ?? attributes["logger"]) ?? textOf(scope.name);
  const traceId = asText(value["traceId"]).toLowerCase();
  const spanId = asText(value["spanId"]).toLowerCase();
  return {
    time: timeOf(value),
    service: serviceOf(resource.attributes),
    level: levelOf(severity, asText(value["severityText"])),
    severity,
    message: truncate(messageOf(value, attributes), MAX_MESSAGE),
    ...(logger !== undefined && { logger }),
    ...(traceId !== "" && { traceId }),
    ...(spanId !== "" && { spanId }),
    attributes,
  };
}

/** Returns the lowest severity number of a level, or of none: 0. */
export function severityOfLevel(level: string): number {
  const wanted = level.toLowerCase();
  const name = wanted === "warning" ? "warn" : wanted;
  return levels.find((one) => one.level === name)?.from ?? 0;
}

/** Returns the key of an error in a log record; undefined if it is none. */
export function errorKeyOfLog(value: OtlpItem["value"]): string | undefined {
  const attributes = attributesOf(value["attributes"]);
  if (attributes["exception.type"] !== undefined) return errorKeyOf(attributes);
  if (attributes["exception.message"] !== undefined) return errorKeyOf(attributes);
  if (asNumber(value["severityNumber"]) < ERROR_SEVERITY) return undefined;
  return errorKey("Error", messageOf(value, attributes));
}

function timeOf(value: OtlpItem["value"]): number {
  return millisecondsOf(value["timeUnixNano"]) || millisecondsOf(value["observedTimeUnixNano"]);
}

function levelOf(severity: number, text: string): string {
  if (text !== "") return truncate(text.toLowerCase(), 20);
  return levels.find(({ from }) => severity >= from)?.level ?? "info";
}

function messageOf(value: OtlpItem["value"], attributes: OtlpAttributes): string {
  const body = valueOf(value["body"]);
  if (body === null)
    return textOf(value["eventName"]) ?? textOf(attributes["exception.message"]) ?? "";
  return textOfValue(body);
}

export function textOfValue(value: OtlpValue): string {
  if (typeof value !== "object" || value === null) return String(value);
  const message = Array.isArray(value) ? undefined : (value["message"] ?? value["msg"]);
  return typeof message === "string" ? message : JSON.stringify(value);
}
