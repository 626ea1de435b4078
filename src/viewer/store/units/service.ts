import type { OtlpAttributes } from "../../../otlp/attributes.ts";
import { truncate } from "../../../text.ts";

const MAX_LENGTH = 200;

export function serviceOf(resource: OtlpAttributes): string {
  return textOf(resource["service.name"]) ?? "unknown_service";
}

/**
 * Identifies the start of a service: by the id of its run, else by that of its instance,
 * else by its process.
 */
export function runIdOf(resource: OtlpAttributes): string {
  const id = textOf(resource["telltale.run.id"]) ?? textOf(resource["service.instance.id"]);
  if (id !== undefined) return id;
  const pid = resource["process.pid"];
  return typeof pid === "number" ? `${serviceOf(resource)}-${pid}` : serviceOf(resource);
}

/** Returns an attribute that is a text and not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? truncate(value, MAX_LENGTH) : undefined;
}
