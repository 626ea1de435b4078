import type { Context, TextMapGetter, TextMapSetter } from "@opentelemetry/api";
import { activeContext } from "../context/manager.ts";
import type { CompositePropagator } from "../traces/propagation/propagator.ts";

/*
 * Environment variables as the carrier of a propagator.
 * https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */

/** Variables by name. */
export type Variables = ReadonlyMap<string, string>;

/** Returns the name of the variable for a header: `TRACEPARENT` for `traceparent`. */
function variableFor(header: string): string {
  return header.toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_");
}

/** Reads headers from variables; values are passed as they are. */
export const environmentGetter: TextMapGetter<unknown> = {
  get: (carrier, key) => (carrier as Variables).get(variableFor(key)),
  keys: (carrier) => [...(carrier as Variables).keys()],
};

/** Writes headers as variables into a map. */
const environmentSetter: TextMapSetter<unknown> = {
  set(carrier, key, value) {
    (carrier as Map<string, string>).set(variableFor(key), value);
  },
};

/** Returns the names of the variables that a propagator reads and writes. */
export function contextVariableNames(propagator: CompositePropagator): readonly string[] {
  const headers = [...propagator.fields(), ...propagator.extractFields()];
  return [...new Set(headers.map(variableFor))];
}

/** Returns a context as variables. */
export function contextVariables(propagator: CompositePropagator, context: Context): Variables {
  const variables = new Map<string, string>();
  propagator.inject(context, variables, environmentSetter);
  return variables;
}

/** Returns the active context as variables. */
export function activeVariables(propagator: CompositePropagator): Variables {
  return contextVariables(propagator, activeContext());
}
