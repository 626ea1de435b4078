import type { Counter } from "@opentelemetry/api";
import { ROOT_CONTEXT } from "../../context/context.ts";
import type { LimitedUnit } from "../../context/unit-views.ts";
import { lowCardinality } from "../../low-cardinality.ts";
import { activeLogContext, EMPTY_LOG_CONTEXT, type LogContext } from "../correlation.ts";
import { BoundedNames } from "./bounded-names.ts";
import type { EventDeps } from "./event-deps.ts";
import type { SecurityEvents } from "./security-events.ts";

/** Time between two events of one limiter and route, in milliseconds. */
const INTERVAL_MS = 10_000;

/** More routes than any app has. Beyond them hits are counted, without events. */
const MAX_ROUTES = 1000;

/** What a hit is counted by. */
interface HitAttributes {
  readonly "telltale.rate_limit.limiter"?: string;
  readonly "http.request.method"?: string;
  readonly "http.route"?: string;
}

/** A limiter and a route with an event within the interval. */
interface LimitedRoute {
  readonly attributes: HitAttributes;
  /** Number of hits since its last event. */
  count: number;
}

/**
 * Counts what rate limits have rejected, and reports it as security events: an attack
 * has thousands of hits, so each limiter and route has one event at once, and then one
 * for all hits of each interval.
 *
 * A request has one hit of each limiter that has rejected it, whatever its response is,
 * or one without a limiter if its response has status 429 all the same.
 */
export class RateLimitHits {
  readonly #security: SecurityEvents;
  readonly #hits: Counter;
  readonly #limiters = new BoundedNames();
  /** The limiters that have rejected a request in flight. */
  readonly #requests = new WeakMap<object, Set<string>>();
  readonly #routes = new Map<string, LimitedRoute>();
  readonly #intervalMs: number;

  constructor({ meter }: EventDeps, security: SecurityEvents, intervalMs: number = INTERVAL_MS) {
    this.#security = security;
    this.#intervalMs = intervalMs;
    this.#hits = meter.createCounter("telltale.rate_limit.hits", {
      description: "Number of requests and calls that a rate limit has rejected.",
      unit: "{hit}",
    });
  }

  /** Records a request that has ended with status 429. */
  addRequest(request: LimitedUnit): void {
    if (!this.#requests.has(request)) this.#addInRequest(request, undefined);
  }

  /**
   * Records that a limiter has rejected a request or a call. The hit of a request in
   * flight is counted at its end, when its route is known.
   *
   * @param limiter its name; generated parts are replaced
   * @param unit undefined outside of any unit of work
   */
  addLimited(limiter: string, unit: LimitedUnit | undefined): void {
    const name = this.#limiters.bound(lowCardinality(limiter));
    if (unit?.redactedPath() === undefined) {
      this.#add({ "telltale.rate_limit.limiter": name }, activeLogContext(), {});
      return;
    }
    const known = this.#requests.get(unit) ?? new Set();
    if (known.has(name)) return;
    this.#requests.set(unit, known.add(name));
    unit.onEnded(() => this.#addInRequest(unit, name));
  }

  #addInRequest(unit: LimitedUnit, limiter: string | undefined): void {
    const route = unit.currentRoute();
    const attributes: HitAttributes = {
      ...(limiter !== undefined && { "telltale.rate_limit.limiter": limiter }),
      ...(unit.method !== undefined && { "http.request.method": unit.method }),
      ...(route !== undefined && { "http.route": route }),
    };
    const context = { context: ROOT_CONTEXT, spanContext: unit.span?.spanContext(), unit };
    this.#add(attributes, context, {
      "url.path": unit.redactedPath(),
      "client.address": unit.arrivedRequest()?.clientAddress,
    });
  }

  /** @param own attributes of the event at once: they belong to one hit */
  #add(
    attributes: HitAttributes,
    context: LogContext,
    own: Readonly<Record<string, unknown>>,
  ): void {
    this.#hits.add(1, { ...attributes });
    const key = JSON.stringify(attributes);
    const limited = this.#routes.get(key);
    if (limited !== undefined) {
      limited.count++;
      return;
    }
    if (this.#routes.size >= MAX_ROUTES) return;
    this.#routes.set(key, { attributes, count: 0 });
    this.#scheduleNext(key);
    this.#security.addIn(context, EVENT, { count: 1, ...attributes, ...own });
  }

  /** Reports the hits of an interval at its end; a route without any may have an event at once again. */
  #scheduleNext(key: string): void {
    setTimeout(() => {
      const limited = this.#routes.get(key);
      if (limited === undefined) return;
      const { count, attributes } = limited;
      if (count === 0) {
        this.#routes.delete(key);
        return;
      }
      limited.count = 0;
      this.#security.addIn(EMPTY_LOG_CONTEXT, EVENT, { count, ...attributes });
      this.#scheduleNext(key);
    }, this.#intervalMs).unref();
  }
}

const EVENT = "rate_limit_exceeded";
