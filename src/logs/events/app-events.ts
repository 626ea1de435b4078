import type { EventsApi } from "../../api.ts";
import type { EventDeps } from "./event-deps.ts";
import { Operations } from "./operations.ts";
import { SecurityEvents } from "./security-events.ts";

/** Creates the event functions of the public API. */
export function createAppEvents(deps: EventDeps): EventsApi {
  const operations = new Operations(deps);
  const security = new SecurityEvents(deps);
  return {
    logPerformance: (operation, seconds, fields) => operations.add(operation, seconds, fields),
    time: (operation, work, fields) => operations.time(operation, work, fields),
    logSecurityEvent: (event, details) => security.add(event, details),
  };
}
