import type { Attributes } from "@opentelemetry/api";
import { SECONDS_BOUNDARIES } from "../../metrics/boundaries.ts";
import type { BindableRecorder, BindableSum, BoundSum } from "../../metrics/meter.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import { type HttpServerRequest, httpSpanName } from "./server-request.ts";
import type { RouteSeries } from "./route-series.ts";

/** Beyond these limits the series is looked up in the store each time, which has its own limit. */
const MAX_ROUTES = 1000;
const MAX_SERIES_PER_ROUTE = 100;

/** Boundaries of the sizes of bodies, in bytes, since the conventions give none. */
const BYTE_BOUNDARIES = [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/**
 * Metrics `http.server.request.duration`, `http.server.active_requests` and the sizes
 * of bodies, with series that are bound once:
 * https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-server
 */
export class ServerMetrics {
  /** Undefined if sizes are not recorded. */
  readonly #bodySizes: BodySizeInstruments | undefined;
  readonly #duration: BindableRecorder;
  readonly #active: BindableSum;
  readonly #exemplarContextOf: Metrics["exemplarFilter"];
  readonly #seriesByRoute = new Map<string | undefined, RouteSeries[]>();
  readonly #activeByMethod = new Map<string, BoundSum>();

  constructor(
    { meter, exemplarFilter }: Pick<Metrics, "meter" | "exemplarFilter">,
    recordsBodySizes: boolean,
  ) {
    this.#exemplarContextOf = exemplarFilter;
    this.#bodySizes = recordsBodySizes ? createBodySizes(meter) : undefined;
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

  get recordsBodySizes(): boolean {
    return this.#bodySizes !== undefined;
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
    const exemplarContext = this.#exemplarContextOf(unit.span);
    series.duration.record(seconds, exemplarContext);
    const { bodySizes: sizes } = unit;
    if (series.bodySizes === undefined || sizes === undefined) return;
    if (sizes.request !== undefined)
      series.bodySizes.request.record(sizes.request, exemplarContext);
    if (sizes.response !== undefined)
      series.bodySizes.response.record(sizes.response, exemplarContext);
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
      bodySizes: this.#bodySizes && {
        request: this.#bodySizes.request.bind(attributes),
        response: this.#bodySizes.response.bind(attributes),
      },
      attributes,
      encoded: undefined,
    };
    if (seriesOfRoute.length < MAX_SERIES_PER_ROUTE) seriesOfRoute.push(series);
    return series;
  }
}

interface BodySizeInstruments {
  readonly request: BindableRecorder;
  readonly response: BindableRecorder;
}

function createBodySizes(meter: Metrics["meter"]): BodySizeInstruments {
  const bytes = (name: string, description: string): BindableRecorder =>
    meter.createHistogram(name, {
      description,
      unit: "By",
      advice: { explicitBucketBoundaries: BYTE_BOUNDARIES },
    });
  return {
    request: bytes("http.server.request.body.size", "Size of HTTP server request bodies."),
    response: bytes("http.server.response.body.size", "Size of HTTP server response bodies."),
  };
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
