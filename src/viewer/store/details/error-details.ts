import { attributesOf, type OtlpAttributes } from "../../../otlp/attributes.ts";
import { asList, asObject, asText } from "../../../otlp/fields.ts";
import { truncate } from "../../../text.ts";
import type { ErrorDetail, LogDetail } from "../../model.ts";
import { errorKey } from "../units/error-key.ts";
import { ERROR_SEVERITY } from "./log-detail.ts";
import { millisecondsOf, roundMs } from "../units/milliseconds.ts";
import type { OtlpItem } from "../items/otlp-items.ts";
import { textOf } from "../units/service.ts";
import { sourceExcerpt } from "./source-excerpt.ts";
import type { DetailContext } from "./span-detail.ts";
import type { SpanNode } from "../units/span-node.ts";
import { appFrame, framesOf } from "./stack-frames.ts";

const MAX_ERRORS = 100;
const MAX_MESSAGE = 8000;
const MAX_STACK = 32_000;

/** A span with its item. */
export interface ShownSpan {
  readonly node: SpanNode;
  readonly item: OtlpItem;
}

interface FoundError {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly spanId: string | undefined;
  readonly offsetMs: number;
}

/**
 * Returns the errors of a unit of work: exceptions of spans and of log records, and log
 * records of that level, each once; then the failure of spans without any of them.
 */
export function errorDetails(
  spans: readonly ShownSpan[],
  logs: readonly LogDetail[],
  context: DetailContext,
): ErrorDetail[] {
  const byKey = new Map<string, FoundError>();
  const found = [
    ...spans.flatMap((span) => exceptionsOf(span, context.origin)),
    ...logs.flatMap((log) => errorOfLog(log, context.origin) ?? []),
  ];
  for (const error of found) {
    const key = errorKey(error.type, error.message);
    const known = byKey.get(key);
    if (known === undefined || (known.stack === undefined && error.stack !== undefined)) {
      byKey.set(key, error);
    }
  }
  const errors = byKey.size > 0 ? [...byKey.values()] : failuresOf(spans, context.origin);
  return errors
    .toSorted((a, b) => a.offsetMs - b.offsetMs)
    .slice(0, MAX_ERRORS)
    .map((error) => detailOf(error, context.projectFolder));
}

function exceptionsOf({ node, item }: ShownSpan, origin: number): FoundError[] {
  return asList(item.value["events"])
    .filter((event) => event["name"] === "exception")
    .map((event) => ({
      ...exceptionOf(attributesOf(event["attributes"])),
      spanId: node.facts.spanId,
      offsetMs: roundMs(millisecondsOf(event["timeUnixNano"]) - origin),
    }));
}

function exceptionOf(attributes: OtlpAttributes): Pick<FoundError, "type" | "message" | "stack"> {
  const stack = attributes["exception.stacktrace"];
  return {
    type: textOf(attributes["exception.type"]) ?? "Error",
    message: asText(attributes["exception.message"]),
    stack: typeof stack === "string" && stack !== "" ? stack : undefined,
  };
}

function errorOfLog(log: LogDetail, origin: number): FoundError | undefined {
  const attributes = log.attributes as OtlpAttributes;
  const hasException =
    attributes["exception.type"] !== undefined || attributes["exception.message"] !== undefined;
  if (!hasException && log.severity < ERROR_SEVERITY) return undefined;
  const place = { spanId: log.spanId, offsetMs: roundMs(log.time - origin) };
  if (hasException) return { ...exceptionOf(attributes), ...place };
  return { type: "Error", message: log.message, stack: undefined, ...place };
}

/** The innermost spans that failed. */
function failuresOf(spans: readonly ShownSpan[], origin: number): FoundError[] {
  return spans
    .filter(({ node }) => node.facts.failed && !node.children.some((child) => child.facts.failed))
    .map(({ node, item }) => ({
      type: textOf(node.facts.attributes["error.type"]) ?? "Error",
      message: asText(asObject(item.value["status"])["message"]) || node.facts.name,
      stack: undefined,
      spanId: node.facts.spanId,
      offsetMs: roundMs(node.facts.end - origin),
    }));
}

function detailOf(error: FoundError, projectFolder: string): ErrorDetail {
  const { type, message, stack, spanId, offsetMs } = error;
  const frames = stack === undefined ? [] : framesOf(stack, projectFolder);
  const place = appFrame(frames);
  const source = place && sourceExcerpt(place, projectFolder);
  return {
    ...{ type, message: truncate(message, MAX_MESSAGE) },
    ...(stack !== undefined && { stack: truncate(stack, MAX_STACK) }),
    ...(spanId !== undefined && { spanId }),
    ...{ offsetMs, frames },
    ...(source !== undefined && { source }),
  };
}
