import type { InstrumentationScope } from "@opentelemetry/core";

/** Creates the scope of a tracer or meter. An app in JavaScript may pass anything: what is not a string is left out. */
export function createScope(
  name: unknown,
  version: unknown,
  schemaUrl: unknown,
): InstrumentationScope {
  return {
    name: typeof name === "string" ? name : "",
    ...(typeof version === "string" && version !== "" && { version }),
    ...(typeof schemaUrl === "string" && schemaUrl !== "" && { schemaUrl }),
  };
}
