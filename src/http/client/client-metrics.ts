import type { Attributes } from "@opentelemetry/api";
import { SECONDS_BOUNDARIES } from "../../metrics/boundaries.ts";
import type { BindableRecorder } from "../../metrics/meter.ts";
import type { StoreMeter } from "../../metrics/store-meter.ts";

/**
 * Metric `http.client.request.duration`:
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

  recordDuration(seconds: number, attributes: Attributes): void {
    this.#duration.record(seconds, attributes);
  }
}
