import type { Span } from "@opentelemetry/api";
import type { JobInfo } from "./job.ts";

/**
 * One holder per unit of work (a request, a message or a job). It is
 * made where the work comes in, rides on the context, and is where the
 * pipelines meet: none of them knows another, each reads and writes its field.
 */
export class UnitOfWork {
  requestId: string | undefined = undefined;
  userId: string | undefined = undefined;
  organizationId: string | undefined = undefined;
  /** The route as the framework names it (`/users/:id`), without method. */
  route: string | undefined = undefined;
  /** The request object that brought the work, while it is under way. */
  request: object | undefined = undefined;
  /** The request method, for `transaction` and for metrics. */
  method: string | undefined = undefined;
  /** What a framework turned into a response; an event only if that is a 5xx. */
  error: unknown = undefined;
  /** What went wrong first, where an error handler then failed with, or passed on, another `error`. */
  originalError: unknown = undefined;
  /** Errors that count whatever the status: GraphQL answers with 200, and a stream breaks after the head. */
  failures: unknown[] | undefined = undefined;
  /** What the request is beside one of HTTP. */
  rpc: RpcInfo | undefined = undefined;
  /** For frameworks: the pattern of the mounts that the request is below just now (`/users/:id`). */
  mountPath = "";
  /** The errors' isolation scope, forked when first asked for. */
  scope: unknown = undefined;
  /** The traces' local trace (`traces/local-trace.ts`). */
  localTrace: LocalTraceHandle | undefined = undefined;
  /** The span of the whole unit of work. */
  span: Span | undefined = undefined;
  /** The HTTP status, once it is sent. */
  statusCode: number | undefined = undefined;
  /** Whether `end` was called: all that will ever be known of this work is known. */
  ended = false;
  #endListeners: (() => void)[] | undefined = undefined;

  /** A framework is about to turn `error` into a response. The last one decides it. */
  recordError(error: unknown): void {
    if (this.error === error) return;
    this.originalError ??= this.error;
    this.error = error;
  }

  /** The work fails of `error`, whatever its response says. Each error counts once, up to a bound. */
  recordFailure(error: unknown): void {
    this.failures ??= [];
    if (this.failures.length < MAX_FAILURES && !this.failures.includes(error)) {
      this.failures.push(error);
    }
  }

  /** Whether it is the ended work of `request`, which has left `unitOfWorkOf`; the entry overrides it. */
  belongedTo(_request: object): boolean {
    return false;
  }

  /** The route as far as it is known by now; frameworks find it while the request runs. */
  currentRoute(): string | undefined {
    return this.route;
  }

  /** The path of the request, without its query; the entry overrides it. */
  currentPath(): string | undefined {
    return undefined;
  }

  /** The same as it may leave the process: without tokens; the entry overrides it. */
  redactedPath(): string | undefined {
    return undefined;
  }

  /** What the work is, where it is no request; the entry overrides it. */
  jobInfo(): JobInfo | undefined {
    return undefined;
  }

  /** The work that has started this one, as a request does a job; work overrides it. */
  startedByUnit(): UnitOfWork | undefined {
    return undefined;
  }

  /** The longer work that this is a part of, as a message is of its connection; work overrides it. */
  enclosingUnit(): UnitOfWork | undefined {
    return undefined;
  }

  /** Runs `work` when the unit of work is over, at once if it is. `work` must not throw. */
  onEnded(listener: () => void): void {
    if (this.ended) listener();
    else if (this.#endListeners === undefined) this.#endListeners = [listener];
    else this.#endListeners.push(listener);
  }

  /** For the entry: the response is out (or its connection gone) and `route` is final. */
  end(): void {
    this.ended = true;
    const listeners = this.#endListeners;
    if (listeners === undefined) return;
    this.#endListeners = undefined;
    for (const listener of listeners) listener();
  }
}

/** A list of a thousand broken fields is one bug, and not a thousand events. */
const MAX_FAILURES = 20;

/** A remote call that came as a request of HTTP (gRPC). */
export interface RpcInfo {
  /** What the request's span is called. */
  readonly spanName: string;
  /** What the end of the response says, on the wire: `grpc-status`. */
  status: unknown;
  /** `error.type` of the span, if the call failed. */
  errorType: string | undefined;
}

/** What other pipelines may say to the local trace of a unit of work. */
export interface LocalTraceHandle {
  /** Keeps the trace though head sampling said no; the first reason counts. */
  keep(reason: KeepReason): void;
  /** Whether it is kept, by whichever reason, as far as it is decided. */
  readonly kept: boolean;
}

export type KeepReason = "sampled" | "error_captured" | "span_error" | "slow" | "forced";

/** Whether a span is of our own making: its ids are valid, and it knows its local trace. */
export function isOwnSpan(span: Span): span is Span & { readonly localTrace: LocalTraceHandle } {
  return (span as { readonly localTrace?: LocalTraceHandle }).localTrace !== undefined;
}

/**
 * Where a connection keeps the holders of its requests under way: one, or more
 * with pipelining. Not on the request itself: a property of ours there, before
 * Express exchanges the request's prototype, cost each request 6 us in V8's
 * hidden classes (a bare one takes 36, profiled).
 */
export const IN_FLIGHT: unique symbol = Symbol("telltale.under-way");

export interface InFlightRequests {
  readonly units: readonly UnitOfWork[];
}

/** What carries holders: a connection. */
export interface SocketWithRequests {
  [IN_FLIGHT]?: InFlightRequests;
}

/** The holders of requests that no connection brought; an app may emit any object. */
const detachedRequests = new WeakMap<object, UnitOfWork>();

export function registerDetached(request: object, unit: UnitOfWork): void {
  detachedRequests.set(request, unit);
}

/** The holder of a raw Node request that is under way. */
export function unitOfWorkOf(request: object): UnitOfWork | undefined {
  const inFlight = (request as { readonly socket?: SocketWithRequests | null }).socket?.[IN_FLIGHT];
  if (inFlight === undefined) return detachedRequests.get(request);
  for (const unit of inFlight.units) if (unit.request === request) return unit;
  return undefined;
}

/** The holder of a raw Node request whose connection was lost, see `registerDetached`. */
export function detachedUnitOfWorkOf(request: object): UnitOfWork | undefined {
  return detachedRequests.get(request);
}
