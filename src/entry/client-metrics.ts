import type { Attributes } from "@opentelemetry/api";
import { lowCardinality } from "../low-cardinality.ts";
import { SECONDS_BOUNDARIES } from "../metrics/boundaries.ts";
import type { BindableRecorder, StoreMeter } from "../metrics/meter.ts";
import type { ClientCall } from "./client-call.ts";

/**
 * `http.client.request.duration`:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-client
 */
export class ClientMetrics {
  readonly #duration: BindableRecorder;

  constructor(meter: StoreMeter) {
    this.#duration = meter.createHistogram("http.client.request.duration", {
      description: "Duration of HTTP client requests.",
      unit: "s",
      advice: { explicitBucketBoundaries: [...SECONDS_BOUNDARIES] },
    });
  }

  ended(call: ClientCall): void {
    this.#duration.record((call.endedAt - call.startedAt) / 1000, durationAttributes(call));
  }
}

function durationAttributes(call: ClientCall): Attributes {
  const { method, target, statusCode, protocolVersion, errorType } = call;
  return {
    "http.request.method": method,
    ...(target !== undefined && {
      "server.address": lowCardinality(target.address),
      "server.port": target.port,
    }),
    ...(statusCode !== undefined && { "http.response.status_code": statusCode }),
    ...(protocolVersion !== undefined && { "network.protocol.version": protocolVersion }),
    ...(errorType !== undefined && { "error.type": errorType }),
  };
}
