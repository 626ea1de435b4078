import type { Attributes } from "@opentelemetry/api";
import { SECONDS_BOUNDARIES } from "../metrics/boundaries.ts";
import type { BindableRecorder, BindableSum, BoundSum } from "../metrics/meter.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { type RequestEntry, spanNameOf } from "./request.ts";
import type { Shape } from "./shape.ts";

/** Above these the store is asked each time; it has a bound of its own. */
const MOST_ROUTES = 1000;
const MOST_PER_ROUTE = 100;

/**
 * `http.server.request.duration` and `http.server.active_requests`, with series
 * that are bound once:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-server
 */
export class ServerMetrics {
  readonly #duration: BindableRecorder;
  readonly #active: BindableSum;
  readonly #exampleOf: Metrics["exampleOf"];
  readonly #shapes = new Map<string | undefined, Shape[]>();
  readonly #actives = new Map<string, BoundSum>();

  constructor({ meter, exampleOf }: Pick<Metrics, "meter" | "exampleOf">) {
    this.#exampleOf = exampleOf;
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

  /** Status and route are known: gives the entry what it shares with its like. */
  shape(entry: RequestEntry): void {
    entry.shape = this.#shapeOf(entry);
  }

  ended(entry: RequestEntry): void {
    this.#activeOf(entry).add(-1);
    const seconds = (entry.endedAt - entry.startedAt) / 1000;
    const shape = entry.shape ?? this.#shapeOf(entry);
    shape.duration.record(seconds, this.#exampleOf(entry.span));
  }

  #activeOf({ method, connection: { scheme } }: RequestEntry): BoundSum {
    const key = scheme === "http" ? method : `s${method}`;
    const known = this.#actives.get(key);
    if (known !== undefined) return known;
    const bound = this.#active.bind({ "http.request.method": method, "url.scheme": scheme });
    this.#actives.set(key, bound);
    return bound;
  }

  /** By route first, whose text is the framework's own and so hashed already; the rest are few. */
  #shapeOf(entry: RequestEntry): Shape {
    const { route } = entry;
    let shapes = this.#shapes.get(route);
    if (shapes === undefined) {
      shapes = [];
      if (this.#shapes.size < MOST_ROUTES) this.#shapes.set(route, shapes);
    }
    for (const shape of shapes) if (isOf(shape, entry)) return shape;
    const { protocolVersion, method, statusCode, errorType } = entry;
    const attributes = Object.freeze(shapeAttributes(entry));
    const shape: Shape = {
      scheme: entry.connection.scheme,
      protocolVersion,
      method,
      statusCode,
      errorType,
      spanName: spanNameOf(method, route),
      duration: this.#duration.bind(attributes),
      attributes,
      encoded: undefined,
    };
    if (shapes.length < MOST_PER_ROUTE) shapes.push(shape);
    return shape;
  }
}

function isOf(shape: Shape, entry: RequestEntry): boolean {
  return (
    shape.statusCode === entry.statusCode &&
    shape.errorType === entry.errorType &&
    shape.method === entry.method &&
    shape.protocolVersion === entry.protocolVersion &&
    shape.scheme === entry.connection.scheme
  );
}

/** By the conventions the attributes of the metric are all attributes of the span, too. */
function shapeAttributes(entry: RequestEntry): Attributes {
  const { method, connection, protocolVersion, statusCode, route } = entry;
  const errorType = entry.hasFailedStatus ? String(statusCode) : entry.errorType;
  return {
    "http.request.method": method,
    "url.scheme": connection.scheme,
    "network.protocol.version": protocolVersion,
    ...(statusCode !== undefined && { "http.response.status_code": statusCode }),
    ...(route !== undefined && { "http.route": route }),
    ...(errorType !== undefined && { "error.type": errorType }),
  };
}
