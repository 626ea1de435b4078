import type { TextMapPropagator } from "@opentelemetry/api";
import { logIdsIn } from "../../context/unit-access.ts";
import { REQUEST_ID_HEADER } from "../server/request-id.ts";

/**
 * Returns a propagator for outgoing requests, which adds the id of the request that makes
 * them. Setters keep a header of that name that the app has set. Without any propagator
 * no request gets a header.
 */
export function withRequestId(propagator: TextMapPropagator): TextMapPropagator {
  if (propagator.fields().length === 0) return propagator;
  return {
    inject(context, carrier, setter) {
      propagator.inject(context, carrier, setter);
      const id = logIdsIn(context)?.requestId;
      if (id !== undefined) setter.set(carrier, REQUEST_ID_HEADER, id);
    },
    extract: (context, carrier, getter) => propagator.extract(context, carrier, getter),
    fields: () => propagator.fields(),
  };
}
