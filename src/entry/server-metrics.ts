import type { Attributes } from "@opentelemetry/api";
import { SECONDS_BOUNDARIES } from "../metrics/boundaries.ts";
import type {
  BindableRecorder,
  BindableSum,
  BoundRecorder,
  BoundSum,
  StoreMeter,
} from "../metrics/meter.ts";
import { now } from "../traces/clock.ts";
import type { RequestEntry } from "./request.ts";

/** Above this many combinations the store is asked each time; it has its own bound. */
const MOST_BOUND = 4000;

/**
 * `http.server.request.duration` and `http.server.active_requests`, with series
 * that are bound once:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-server
 */
export class ServerMetrics {
  readonly #duration: BindableRecorder;
  readonly #active: BindableSum;
  readonly #durations = new Map<string, BoundRecorder>();
  readonly #actives = new Map<string, BoundSum>();

  constructor(meter: StoreMeter) {
    this.#duration = meter.createHistogram("http.server.request.duration", {
      description: "Duration of HTTP server requests.",
      unit: "s",
      advice: { explicitBucketBoundaries: [...SECONDS_BOUNDARIES] },
    });
    this.#active = meter.createUpDownCounter("http.server.active_requests", {
      description: "Number of active HTTP server requests.",
      unit: "{request}",
    });
  }

  started(entry: RequestEntry): void {
    this.#activeOf(entry).add(1);
  }

  ended(entry: RequestEntry): void {
    this.#activeOf(entry).add(-1);
    this.#durationOf(entry).record((now() - entry.startedAt) / 1000);
  }

  #activeOf({ method, scheme }: RequestEntry): BoundSum {
    const key = scheme === "http" ? method : `s${method}`;
    const known = this.#actives.get(key);
    if (known !== undefined) return known;
    const bound = this.#active.bind({ "http.request.method": method, "url.scheme": scheme });
    this.#actives.set(key, bound);
    return bound;
  }

  #durationOf(entry: RequestEntry): BoundRecorder {
    const { scheme, protocolVersion, method, statusCode, route } = entry;
    const key = `${scheme}${protocolVersion}${method}${statusCode} ${route}`;
    const known = this.#durations.get(key);
    if (known !== undefined) return known;
    const bound = this.#duration.bind(durationAttributes(entry));
    if (this.#durations.size < MOST_BOUND) this.#durations.set(key, bound);
    return bound;
  }
}

function durationAttributes(entry: RequestEntry): Attributes {
  const { method, scheme, protocolVersion, statusCode, route } = entry;
  return {
    "http.request.method": method,
    "url.scheme": scheme,
    "network.protocol.version": protocolVersion,
    ...(statusCode !== undefined && { "http.response.status_code": statusCode }),
    ...(route !== undefined && { "http.route": route }),
    ...(entry.failed && { "error.type": String(statusCode) }),
  };
}
