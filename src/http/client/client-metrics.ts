import type { Attributes } from "@opentelemetry/api";
import { SECONDS_BOUNDARIES } from "../../metrics/boundaries.ts";
import type { BindableRecorder } from "../../metrics/meter.ts";
import { lazy } from "../../lazy.ts";
import type { ClientConnections } from "./connections.ts";
import type { StoreMeter } from "../../metrics/store-meter.ts";

const loadConnections = lazy<typeof import("./connections.ts")>("http/client/connections.ts");

/**
 * Metric `http.client.request.duration`:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-client
 */
export class ClientMetrics {
  readonly #meter: StoreMeter;
  readonly #duration: BindableRecorder;
  #connections: ClientConnections | undefined = undefined;

  constructor(meter: StoreMeter) {
    this.#meter = meter;
    this.#duration = meter.createHistogram("http.client.request.duration", {
      description: "Duration of HTTP client requests.",
      unit: "s",
      advice: { explicitBucketBoundaries: [...SECONDS_BOUNDARIES] },
    });
  }

  /** Connections and calls in flight, loaded with the first call. */
  get connections(): ClientConnections {
    return (this.#connections ??= new (loadConnections().ClientConnections)(this.#meter));
  }

  recordDuration(seconds: number, attributes: Attributes): void {
    this.#duration.record(seconds, attributes);
  }
}
