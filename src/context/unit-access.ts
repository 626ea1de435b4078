import type { Context as ApiContext, Span } from "@opentelemetry/api";
import { type Context, ROOT_CONTEXT, unitOfWorkIn } from "./context.ts";
import { findUnitOfWork, unitOfWorkOf } from "./in-flight-requests.ts";
import { isOwnSpan, type LocalTraceHandle } from "./local-trace-handle.ts";
import { activeSpan, activeUnitOfWork } from "./manager.ts";
import { isRequestId } from "./request-id.ts";
import type { UnitOfWork } from "./unit-of-work.ts";
import type {
  ErrorSlot,
  LocalTraceSlot,
  LogIds,
  RouteRecorder,
  RpcRecorder,
} from "./unit-views.ts";

/*
 * Access to the unit of work for the layers that get a narrow view of it. These
 * constants are the functions of `context/` themselves, under a narrower type.
 */

/** Returns the active unit of work, for adaptors of frameworks. */
export const activeRouteRecorder: () => RouteRecorder | undefined = activeUnitOfWork;

/** Returns the unit of work of a raw Node request in flight, for adaptors of frameworks. */
export const routeRecorderOf: (request: object) => RouteRecorder | undefined = unitOfWorkOf;

/** Returns the unit of work of a raw Node request, also after its end. */
export const findRouteRecorder: (request: object) => RouteRecorder | undefined = findUnitOfWork;

/** Returns the unit of work in a context, for adaptors of frameworks. */
export const routeRecorderIn: (context: ApiContext) => RouteRecorder | undefined = unitOfWorkIn;

/** Returns the active unit of work, for adaptors of remote procedure calls. */
export const activeRpcRecorder: () => RpcRecorder | undefined = activeUnitOfWork;

/** Returns the ids of the active unit of work, for log lines. */
export const activeLogIds: () => LogIds | undefined = activeUnitOfWork;

/** Returns the ids of the unit of work in a context, for log lines. */
export const logIdsIn: (context: ApiContext) => LogIds | undefined = unitOfWorkIn;

/** Returns the active unit of work, for error events. */
export const activeErrorSlot: () => ErrorSlot | undefined = activeUnitOfWork;

/** Returns the unit of work in a context, for error events. */
export const errorSlotIn: (context: ApiContext) => ErrorSlot | undefined = unitOfWorkIn;

/** Returns the unit of work in a context, for the tracer. */
export const localTraceSlotIn: (context: ApiContext) => LocalTraceSlot | undefined = unitOfWorkIn;

/**
 * Records an error that a framework is about to turn into the response of a raw
 * Node request, or that occurs too late for that, maybe after the request's end.
 */
export function recordRequestError(request: object, error: unknown): void {
  findUnitOfWork(request)?.recordError(error);
}

/** Sets the organization of the active unit of work; anything but a string or a number removes it. */
export function setOrganization(id: unknown): void {
  const unit = activeUnitOfWork();
  if (unit === undefined) return;
  unit.organizationId = typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}

/**
 * Replaces the request id of the active unit of work.
 *
 * @returns false if the id is not well formed, and therefore ignored.
 */
export function setRequestId(id: unknown): boolean {
  const text = typeof id === "number" ? String(id) : id;
  if (!isRequestId(text)) return false;
  const unit = activeUnitOfWork();
  if (unit !== undefined) unit.requestId = text;
  return true;
}

/** Keeps the local trace of the active span or unit of work, if it is not dropped yet. */
export function keepActiveTrace(): void {
  localTraceOf(activeSpan(), activeUnitOfWork())?.keep("forced");
}

/** Returns the local trace of a span or, if telltale did not create or record it, of its unit of work. */
export function localTraceOf(
  span: Span | undefined,
  unit: Readonly<LocalTraceSlot> | undefined,
): LocalTraceHandle | undefined {
  return span !== undefined && isOwnSpan(span) ? span.localTrace : unit?.localTrace;
}

/** Returns a context that has a unit of work and its span, and nothing else. */
export function contextOfUnit(unit: RouteRecorder | ErrorSlot): Context {
  // All views are views of a `UnitOfWork`.
  return ROOT_CONTEXT.withSpan(unit.span).withUnitOfWork(unit as UnitOfWork);
}
