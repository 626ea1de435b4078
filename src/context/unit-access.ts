import type { Context as ApiContext, Span } from "@opentelemetry/api";
import { CallTimes } from "./call-times.ts";
import { type Context, idsIn, ROOT_CONTEXT, unitOfWorkIn } from "./context.ts";
import { findUnitOfWork, unitOfWorkOf } from "./in-flight-requests.ts";
import { isOwnSpan, type KeepReason } from "./local-trace-handle.ts";
import { activeContext, activeSpan, activeUnitOfWork } from "./manager.ts";
import { isRequestId } from "./request-id.ts";
import type { UnitOfWork } from "./unit-of-work.ts";
import type {
  ErrorSlot,
  FailureRecorder,
  IdSlot,
  LimitedUnit,
  LineBufferSlot,
  LocalTraceSlot,
  LogIds,
  RouteRecorder,
  RpcRecorder,
  StallSlot,
  WatchedUnit,
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

/** Returns the active unit of work, for the adaptor of Next. */
export const activeFailureRecorder: () => FailureRecorder | undefined = activeUnitOfWork;

/** Whether a unit of work is active. */
export function hasActiveUnit(): boolean {
  return activeUnitOfWork() !== undefined;
}

/** Returns the ids of the unit of work in a context, or of the part of it, for log lines. */
export const logIdsIn: (context: ApiContext) => LogIds | undefined = idsIn;

/** Returns the ids in a context, for `setUser` and for error events. */
export const idSlotIn: (context: ApiContext) => IdSlot | undefined = idsIn;

/** Returns the active unit of work, for error events. */
export const activeErrorSlot: () => ErrorSlot | undefined = activeUnitOfWork;

/** Returns the active unit of work, for the watch of the event loop. */
export const activeStallSlot: () => StallSlot | undefined = activeUnitOfWork;

/** Returns the unit of work in a context, for what watches all of them while an app is developed. */
export const watchedUnitIn: (context: ApiContext) => WatchedUnit | undefined = unitOfWorkIn;

/** Returns the active unit of work, for hits of rate limits. */
export const activeLimitedUnit: () => LimitedUnit | undefined = activeUnitOfWork;

/** Returns the unit of work of a raw Node request, also after its end, for hits of rate limits. */
export const limitedUnitOf: (request: object) => LimitedUnit | undefined = findUnitOfWork;

/** Returns the unit of work in a context, for error events. */
export const errorSlotIn: (context: ApiContext) => ErrorSlot | undefined = unitOfWorkIn;

/** Returns the unit of work in a context, for the buffer of log lines. */
export const lineBufferSlotIn: (context: ApiContext) => LineBufferSlot | undefined = unitOfWorkIn;

/** Returns the active unit of work, for the buffer of log lines. */
export const activeLineBufferSlot: () => LineBufferSlot | undefined = activeUnitOfWork;

/** Returns the unit of work in a context, for the tracer. */
export const localTraceSlotIn: (context: ApiContext) => LocalTraceSlot | undefined = unitOfWorkIn;

/** Returns the times of the calls of the unit of work in a context, until it ends. */
export function callTimesIn(context: ApiContext): CallTimes | undefined {
  const unit = unitOfWorkIn(context);
  if (unit === undefined || unit.ended) return undefined;
  return (unit.callTimes ??= new CallTimes());
}

/**
 * Records an error that a framework is about to turn into the response of a raw
 * Node request, or that occurs too late for that, maybe after the request's end.
 */
export function recordRequestError(request: object, error: unknown): void {
  findUnitOfWork(request)?.recordError(error);
}

/**
 * Records the framework's own request or context of a raw Node request, which knows its
 * user and its parsed body.
 */
export function recordFrameworkRequest(request: object, frameworkRequest: object): void {
  const unit = unitOfWorkOf(request);
  if (unit !== undefined) unit.frameworkRequest = frameworkRequest;
}

/** Sets the user of the active unit of work, or of its active part; anything but a text or a number removes it. */
export function setUserId(id: unknown): void {
  idsIn(activeContext())?.setUserId(idText(id));
}

/** Sets the organization, as `setUserId` the user. */
export function setOrganization(id: unknown): void {
  idsIn(activeContext())?.setOrganizationId(idText(id));
}

/** Returns an id as a text; undefined if it is neither a text nor a number. */
export function idText(id: unknown): string | undefined {
  const isId = typeof id === "string" || typeof id === "number" || typeof id === "bigint";
  return isId ? String(id) : undefined;
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

/** Keeps the local trace of the active span or unit of work. */
export function keepActiveTrace(): void {
  keepTraceOf(activeSpan(), activeUnitOfWork(), "forced");
}

type KeptUnit = Pick<ErrorSlot, "localTrace" | "writeBufferedLines">;

/** Keeps the local trace of a span or, if telltale did not create or record it, of its unit of work. */
export function keepTraceOf(
  span: Span | undefined,
  unit: KeptUnit | undefined,
  reason: KeepReason,
): void {
  if (span !== undefined && isOwnSpan(span)) span.keepTrace(reason);
  else unit?.localTrace?.keep(reason);
  if (reason === "error_captured") unit?.writeBufferedLines();
}

/** Returns a context that has a unit of work and its span, and nothing else. */
export function contextOfUnit(unit: RouteRecorder | ErrorSlot): Context {
  // All views are views of a `UnitOfWork`.
  return ROOT_CONTEXT.withSpan(unit.span).withUnitOfWork(unit as UnitOfWork);
}
