import type { EventsApi } from "../../api.ts";
import type { LimitedUnit } from "../../context/unit-views.ts";
import type { EventDeps } from "./event-deps.ts";
import { Operations } from "./operations.ts";
import { RateLimitHits } from "./rate-limit-hits.ts";
import { SecurityEvents } from "./security-events.ts";

/** The event functions of the public API, and the events of requests. */
export interface AppEvents extends EventsApi {
  /** Counts and reports a request that has ended with status 429. */
  rateLimited(request: LimitedUnit): void;
  /** Counts and reports what a limiter has rejected: the unit of work, or a call outside of any. */
  recordHit(limiter: string, unit: LimitedUnit | undefined): void;
}

export function createAppEvents(deps: EventDeps): AppEvents {
  const operations = new Operations(deps);
  const security = new SecurityEvents(deps);
  const hits = new RateLimitHits(deps, security);
  return {
    logPerformance: (operation, seconds, fields) => operations.add(operation, seconds, fields),
    time: (operation, work, fields) => operations.time(operation, work, fields),
    logSecurityEvent: (event, details) => security.add(event, details),
    rateLimited: (request) => hits.addRequest(request),
    recordHit: (limiter, unit) => hits.addLimited(limiter, unit),
  };
}
