import type { Span } from "@opentelemetry/api";
import type { BreadcrumbTrail } from "./breadcrumb-trail.ts";
import type { CallTimes } from "./call-times.ts";
import type { JobInfo } from "./job.ts";
import type { LocalTraceHandle } from "./local-trace-handle.ts";

/*
 * Narrow views of a unit of work: each layer above `context/` sees the members
 * it needs and no others. `UnitOfWork` implements them all, so a view is the
 * same object and costs nothing at run time. `unit-access.ts` returns them.
 */

/** Unit of work as seen by the adaptors of frameworks: they record its route and its errors. */
export interface RouteRecorder {
  /** Pattern of the matched route, as the framework names it (`/users/:id`), without the method. */
  route: string | undefined;
  /** Pattern of the mounts that are being matched (`/users/:id`); empty outside of any. */
  mountPath: string;
  /** The framework's own request or context, which knows the user and the parsed body. */
  frameworkRequest: object | undefined;
  /** The parsed body, where the framework does not keep it itself. */
  parsedBody: unknown;
  readonly span: Span | undefined;
  /** Whether the unit of work has ended. */
  readonly ended: boolean;
  readonly failures: readonly unknown[] | undefined;
  /** Returns the path of the request, without the query. */
  currentPath(): string | undefined;
  /** Records an error that a framework is about to turn into a response. The last one counts. */
  recordError(error: unknown): void;
  /** Records an error that fails the unit of work whatever the response status. */
  recordFailure(error: unknown): void;
  /** Runs `listener` at the end, or at once after it. `listener` must not throw. */
  onEnded(listener: () => void): void;
}

/** Unit of work as seen by the adaptor of Next, which replaces what was thrown. Errors are as `markThrown` returns them. */
export interface FailureRecorder extends RouteRecorder {
  /** The last one. */
  error: unknown;
  /** The first one, if there are several. */
  originalError: unknown;
  failures: unknown[] | undefined;
}

/** Unit of work as seen by the adaptors of gRPC and tRPC, which know what a call failed of. */
export interface RpcRecorder extends RouteRecorder {
  rpc: RpcInfo | undefined;
  failures: unknown[] | undefined;
  readonly statusCode: number | undefined;
}

/** Remote procedure call that arrived as an HTTP request (gRPC). */
export interface RpcInfo {
  /** Name of the server span. */
  readonly spanName: string;
  /** Status as sent to the client: `grpc-status`. */
  status: unknown;
  /** `error.type` of the span, if the call failed. */
  errorType: string | undefined;
}

/** Unit of work, or an isolated part of it, as seen by log lines and log records. */
export interface LogIds {
  readonly requestId: string | undefined;
  readonly userId: string | undefined;
  readonly organizationId: string | undefined;
  /** Id of the last event of an error in Sentry. */
  readonly errorEventId: string | undefined;
  /** Its latest lines, calls and queries; undefined until there is one, and without Sentry. */
  trail: BreadcrumbTrail | undefined;
}

/** Fields of the user that a framework knows: those that are asked for, under their names in Sentry. */
export interface FrameworkUser extends Readonly<Record<string, string | undefined>> {
  readonly id?: string;
}

/** Reads the user from the raw request and the framework's own. Never throws. */
export type UserReader = (
  request: object | undefined,
  frameworkRequest: object | undefined,
) => FrameworkUser | undefined;

/** A request as it arrived, with secrets and personal data. */
export interface ArrivedRequest {
  /** By name in lower case; undefined where the request has ended. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** The query, without `?`. */
  readonly query: string | undefined;
  /** Address of the peer of the connection. */
  readonly clientAddress: string | undefined;
}

/** Unit of work, or an isolated part of it, as seen by `setUser` and by error events. */
export interface IdSlot extends LogIds {
  /** Id of the last event of an error, for later log records. */
  errorEventId: string | undefined;
  setUserId(id: string | undefined): void;
  /** Returns the user that the framework knows now, or knew at the end; undefined after `setUser`. */
  frameworkUser(): FrameworkUser | undefined;
  setOrganizationId(id: string | undefined): void;
}

/** Unit of work as seen by error events: their source, and the place of their scopes. */
export interface ErrorSlot extends IdSlot {
  /** How release health counts the unit of work; undefined without a captured error. */
  sessionStatus: "errored" | "crashed" | undefined;
  /** Sentry scopes of the unit of work, forked at their first use. */
  scope: unknown;
  readonly error: unknown;
  readonly method: string | undefined;
  readonly ended: boolean;
  /** The raw request, and the framework's own, while it is in flight. */
  readonly request: object | undefined;
  readonly frameworkRequest: object | undefined;
  /** The parsed body, where the framework does not keep it itself. */
  readonly parsedBody: unknown;
  /** Undefined if no user of the framework is asked for, and after `setUser`. */
  readonly userReader: UserReader | undefined;
  readonly span: Span | undefined;
  readonly localTrace: LocalTraceHandle | undefined;
  /** Writes the lines that the unit of work has buffered, and later ones at once. */
  writeBufferedLines(): void;
  /** Returns the request as it arrived; undefined where the unit of work is none. */
  arrivedRequest(): ArrivedRequest | undefined;
  /** Returns the route as far as it is known. */
  currentRoute(): string | undefined;
  /** Returns the path without secrets. */
  redactedPath(): string | undefined;
  /** Returns the job, where the unit of work is one. */
  jobInfo(): JobInfo | undefined;
  /** Returns the unit of work that started this one. */
  startedByUnit(): ErrorSlot | undefined;
  /** Returns the longer unit of work that this one is a part of. */
  enclosingUnit(): ErrorSlot | undefined;
  /** Runs `listener` at the end, or at once after it. `listener` must not throw. */
  onEnded(listener: () => void): void;
}

/** Unit of work as seen by the hits of rate limits. */
export interface LimitedUnit extends LogIds {
  readonly method: string | undefined;
  readonly span: Span | undefined;
  /** Returns the request as it arrived; undefined where the unit of work is none. */
  arrivedRequest(): ArrivedRequest | undefined;
  /** Returns the route as far as it is known. */
  currentRoute(): string | undefined;
  /** Returns the path without secrets; undefined where the unit of work is no request. */
  redactedPath(): string | undefined;
  /** Runs `listener` at the end, or at once after it. `listener` must not throw. */
  onEnded(listener: () => void): void;
}

/** The log lines below the level of their loggers that a unit of work has buffered (`logs/buffer/`), as its end sees them. */
export interface BufferedLines {
  /** Minimum duration of a slow request, in milliseconds. */
  readonly slowMs: number;
  /** Writes them, since the unit has failed. Never throws. */
  write(): void;
  /** Writes or forgets them at the end of the unit. Never throws. */
  settle(isWritten: boolean): void;
}

/** Unit of work as seen by the buffer of lines below the level of their loggers. */
export interface LineBufferSlot {
  bufferedLines: BufferedLines | undefined;
  /** Whether such lines are written at once, since an error was captured. */
  readonly writesAllLines: boolean;
  readonly ended: boolean;
  writeBufferedLines(): void;
}

/** Unit of work as seen by the tracer, which sets the local trace of a root span. */
export interface LocalTraceSlot {
  localTrace: LocalTraceHandle | undefined;
}

/** Unit of work as seen by the watch of the event loop, which names what blocked it. */
export interface StallSlot {
  readonly method: string | undefined;
  readonly localTrace: LocalTraceHandle | undefined;
  readonly span: Span | undefined;
  /** Returns the route as far as it is known. */
  currentRoute(): string | undefined;
  /** Returns the job, where the unit of work is one. */
  jobInfo(): JobInfo | undefined;
}

/** Unit of work as seen by what watches all of them while an app is developed. */
export interface WatchedUnit {
  readonly method: string | undefined;
  readonly span: Span | undefined;
  /** Undefined before its first call or cache lookup. */
  readonly callTimes: CallTimes | undefined;
  /** Returns the route as far as it is known. */
  currentRoute(): string | undefined;
  /** Returns the path without secrets. */
  redactedPath(): string | undefined;
  /** Returns the job, where the unit of work is one. */
  jobInfo(): JobInfo | undefined;
  /** Runs `listener` at the end, or at once after it. `listener` must not throw. */
  onEnded(listener: () => void): void;
}

/** A request, message or job that is about to start. */
export interface ArrivingWork {
  /** Name of a message's operation or of a job; undefined for a request. */
  readonly name?: string;
  readonly method?: string | undefined;
  /** As requested, with the query. */
  readonly url?: string | undefined;
  /** Names and values in turn, or by name; undefined for other work than a request. */
  readonly rawHeaders?: readonly string[] | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Learns of each unit of work. Its methods must not throw. */
export interface WorkObserver {
  /** Called before the clock of the unit starts; the next call of `started` is for this one. */
  arriving(work: ArrivingWork): void;
  started(unit: WatchedUnit): void;
}

/** A request at its end, as seen by the access log. */
export interface EndedRequest extends LogIds {
  readonly span: Span | undefined;
  /** The method if it is a known one, else `_OTHER`. */
  readonly method: string;
  readonly route: string | undefined;
  readonly protocolVersion: string;
  /** Undefined if no response was sent. */
  readonly statusCode: number | undefined;
  /** Whether it failed by a status of the 500s, or by an error. */
  readonly failed: boolean;
  /** `error.type` of a request that failed without a status of the 500s. */
  readonly errorType: string | undefined;
  /** Why the response was not sent in full. */
  readonly abort: { readonly by: "client" | "server" | "process" } | undefined;
  /** Milliseconds on the monotonic clock, as `endedAt`. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly callTimes: CallTimes | undefined;
  /** Returns the path without secrets. */
  redactedPath(): string;
  /** Returns the address of the peer of the connection. */
  clientAddress(): string | undefined;
}

/** Sizes of the bodies of a request and its response, in bytes; undefined where they are unknown. */
export interface BodySizes {
  readonly request: number | undefined;
  readonly response: number | undefined;
}

/** Receives the requests of HTTP servers at their end. */
export interface RequestLog {
  /** Minimum duration of a slow request, in milliseconds. */
  readonly slowMs: number;
  /** Whether all requests are passed on, with the sizes of their bodies, or only the slow ones. */
  readonly hasAccessLog: boolean;
  /** Logs a request. */
  requestEnded(request: EndedRequest, isSlow: boolean, sizes: BodySizes | undefined): void;
}
