import type { SpanContext } from "@opentelemetry/api";
import { propertyOf } from "../property.ts";

/** Returns a copy of a link's context; undefined for ids of a wrong length, for which a receiver may reject the whole request. */
export function linkContextOf(link: unknown): SpanContext | undefined {
  const context = propertyOf(link, "context");
  const traceId = propertyOf(context, "traceId");
  const spanId = propertyOf(context, "spanId");
  if (typeof traceId !== "string" || traceId.length !== 32) return undefined;
  if (typeof spanId !== "string" || spanId.length !== 16) return undefined;
  const flags = propertyOf(context, "traceFlags");
  const isRemote = propertyOf(context, "isRemote");
  const traceState = propertyOf(context, "traceState") as SpanContext["traceState"];
  return {
    traceId,
    spanId,
    traceFlags: typeof flags === "number" ? flags : 0,
    ...(typeof isRemote === "boolean" && { isRemote }),
    ...(traceState !== undefined && { traceState }),
  };
}
