import type { Attributes } from "@opentelemetry/api";
import { SECONDS_BOUNDARIES } from "../../metrics/boundaries.ts";
import type { BindableRecorder, BindableSum, BoundSum } from "../../metrics/meter.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import { type HttpServerRequest, httpSpanName } from "./server-request.ts";
import type { RouteSeries } from "./route-series.ts";

/** Beyond these limits the series is looked up in the store each time, which has its own limit. */
const MAX_ROUTES = 1000;
const MAX_SERIES_PER_ROUTE = 100;

/**
 * Metrics `http.server.request.duration` and `http.server.active_requests`, with
 * series that are bound once:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-server
 */
export class ServerMetrics {
  readonly #duration: BindableRecorder;
  readonly #active: BindableSum;
  readonly #exemplarContextOf: Metrics["exemplarFilter"];
  readonly #seriesByRoute = new Map<string | undefined, RouteSeries[]>();
  readonly #activeByMethod = new Map<string, BoundSum>();

  constructor({ meter, exemplarFilter }: Pick<Metrics, "meter" | "exemplarFilter">) {
    this.#exemplarContextOf = exemplarFilter;
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

  requestStarted(unit: HttpServerRequest): void {
    this.#activeOf(unit).add(1);
  }

  /** Sets the series of a request, once its status and its route are known. */
  bindSeries(unit: HttpServerRequest): void {
    unit.series = this.#seriesOf(unit);
  }

  requestEnded(unit: HttpServerRequest): void {
    this.#activeOf(unit).add(-1);
    const seconds = (unit.endedAt - unit.startedAt) / 1000;
    const series = unit.series ?? this.#seriesOf(unit);
    series.duration.record(seconds, this.#exemplarContextOf(unit.span));
  }

  #activeOf({ method, connection: { scheme } }: HttpServerRequest): BoundSum {
    const key = scheme === "http" ? method : `s${method}`;
    const known = this.#activeByMethod.get(key);
    if (known !== undefined) return known;
    const bound = this.#active.bind({ "http.request.method": method, "url.scheme": scheme });
    this.#activeByMethod.set(key, bound);
    return bound;
  }

  /** Looks up by route first, a string of the framework and so hashed already; each has few series. */
  #seriesOf(unit: HttpServerRequest): RouteSeries {
    const { route } = unit;
    let seriesOfRoute = this.#seriesByRoute.get(route);
    if (seriesOfRoute === undefined) {
      seriesOfRoute = [];
      if (this.#seriesByRoute.size < MAX_ROUTES) this.#seriesByRoute.set(route, seriesOfRoute);
    }
    for (const series of seriesOfRoute) if (matches(series, unit)) return series;
    const { protocolVersion, method, statusCode, errorType } = unit;
    const attributes = Object.freeze(seriesAttributes(unit));
    const series: RouteSeries = {
      scheme: unit.connection.scheme,
      protocolVersion,
      method,
      statusCode,
      errorType,
      spanName: httpSpanName(method, route),
      duration: this.#duration.bind(attributes),
      attributes,
      encoded: undefined,
    };
    if (seriesOfRoute.length < MAX_SERIES_PER_ROUTE) seriesOfRoute.push(series);
    return series;
  }
}

function matches(series: RouteSeries, unit: HttpServerRequest): boolean {
  return (
    series.statusCode === unit.statusCode &&
    series.errorType === unit.errorType &&
    series.method === unit.method &&
    series.protocolVersion === unit.protocolVersion &&
    series.scheme === unit.connection.scheme
  );
}

/** Returns the attributes of the metric, which the span has, too, by the conventions. */
function seriesAttributes(unit: HttpServerRequest): Attributes {
  const { method, connection, protocolVersion, statusCode, route } = unit;
  const errorType = unit.hasServerErrorStatus ? String(statusCode) : unit.errorType;
  return {
    "http.request.method": method,
    "url.scheme": connection.scheme,
    "network.protocol.version": protocolVersion,
    ...(statusCode !== undefined && { "http.response.status_code": statusCode }),
    ...(route !== undefined && { "http.route": route }),
    ...(errorType !== undefined && { "error.type": errorType }),
  };
}
