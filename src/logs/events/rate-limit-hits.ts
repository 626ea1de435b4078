import type { Counter } from "@opentelemetry/api";
import { ROOT_CONTEXT } from "../../context/context.ts";
import type { EndedRequest } from "../../context/unit-views.ts";
import { EMPTY_LOG_CONTEXT } from "../correlation.ts";
import type { EventDeps } from "./event-deps.ts";
import type { SecurityEvents } from "./security-events.ts";

/** Time between two events of one route, in milliseconds. */
const INTERVAL_MS = 10_000;

/** More routes than any app has. Beyond them requests are counted, without events. */
const MAX_ROUTES = 1000;

/** A route with an event within the interval. */
interface LimitedRoute {
  readonly method: string;
  readonly route: string | undefined;
  /** Number of requests since its last event. */
  count: number;
}

/**
 * Counts requests that a rate limit has rejected (429), and reports them as security
 * events: an attack has thousands, so each route has one event at once, and then one
 * for all requests of each interval.
 */
export class RateLimitHits {
  readonly #security: SecurityEvents;
  readonly #hits: Counter;
  readonly #routes = new Map<string, LimitedRoute>();
  readonly #intervalMs: number;

  constructor({ meter }: EventDeps, security: SecurityEvents, intervalMs: number = INTERVAL_MS) {
    this.#security = security;
    this.#intervalMs = intervalMs;
    this.#hits = meter.createCounter("telltale.rate_limit.hits", {
      description: "Number of requests that were rejected with status 429.",
      unit: "{request}",
    });
  }

  add(request: EndedRequest): void {
    const { method, route } = request;
    this.#hits.add(1, attributesOf(request));
    const key = `${method} ${route ?? ""}`;
    const limited = this.#routes.get(key);
    if (limited !== undefined) {
      limited.count++;
      return;
    }
    if (this.#routes.size >= MAX_ROUTES) return;
    this.#routes.set(key, { method, route, count: 0 });
    this.#scheduleNext(key);
    this.#reportFirst(request);
  }

  #reportFirst(request: EndedRequest): void {
    const context = {
      context: ROOT_CONTEXT,
      spanContext: request.span?.spanContext(),
      unit: request,
    };
    const own = { "url.path": request.redactedPath(), "client.address": request.clientAddress() };
    this.#security.addIn(context, EVENT, { count: 1, ...attributesOf(request), ...own });
  }

  /** Reports the requests of an interval at its end; a route without any may have an event at once again. */
  #scheduleNext(key: string): void {
    setTimeout(() => {
      const limited = this.#routes.get(key);
      if (limited === undefined) return;
      const { count } = limited;
      if (count === 0) {
        this.#routes.delete(key);
        return;
      }
      limited.count = 0;
      this.#security.addIn(EMPTY_LOG_CONTEXT, EVENT, { count, ...attributesOf(limited) });
      this.#scheduleNext(key);
    }, this.#intervalMs).unref();
  }
}

const EVENT = "rate_limit_exceeded";

function attributesOf({ method, route }: Pick<EndedRequest, "method" | "route">): {
  "http.request.method": string;
  "http.route"?: string;
} {
  return { "http.request.method": method, ...(route !== undefined && { "http.route": route }) };
}
