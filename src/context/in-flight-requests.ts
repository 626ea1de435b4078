import { activeUnitOfWork } from "./manager.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/**
 * Key under which a socket has the units of work of its requests in flight: one,
 * or more with pipelining. They are not on the request itself: an additional
 * property there, before Express replaces the request's prototype, cost each
 * request 6 us in V8's hidden classes (a bare one takes 36, profiled).
 */
export const IN_FLIGHT: unique symbol = Symbol("telltale.in-flight");

export interface InFlightRequests {
  readonly units: readonly UnitOfWork[];
}

/** Socket of a connection, with its requests in flight. */
export interface SocketWithRequests {
  [IN_FLIGHT]?: InFlightRequests;
}

/** Units of work of requests without a connection: an app may emit any object as a request. */
const detachedRequests = new WeakMap<object, UnitOfWork>();

export function registerDetached(request: object, unit: UnitOfWork): void {
  detachedRequests.set(request, unit);
}

/** Returns the unit of work of a raw Node request in flight. */
export function unitOfWorkOf(request: object): UnitOfWork | undefined {
  const inFlight = (request as { readonly socket?: SocketWithRequests | null }).socket?.[IN_FLIGHT];
  if (inFlight === undefined) return detachedRequests.get(request);
  for (const unit of inFlight.units) if (unit.request === request) return unit;
  return undefined;
}

/**
 * Returns the unit of work of a raw Node request, also after its end. The active
 * unit may belong to another request where a library has lost the context, so it
 * is checked to have belonged to this one.
 */
export function findUnitOfWork(request: object): UnitOfWork | undefined {
  // A request whose connection was closed is only among the detached ones.
  const unit = unitOfWorkOf(request) ?? detachedRequests.get(request);
  if (unit !== undefined) return unit;
  const active = activeUnitOfWork();
  return active?.belongedTo(request) === true ? active : undefined;
}
