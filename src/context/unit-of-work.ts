import type { Span } from "@opentelemetry/api";
import type { BreadcrumbTrail } from "./breadcrumb-trail.ts";
import type { CallTimes } from "./call-times.ts";
import type { JobInfo } from "./job.ts";
import type { LocalTraceHandle } from "./local-trace-handle.ts";
import { markThrown } from "./thrown.ts";
import type {
  ArrivedRequest,
  BufferedLines,
  ErrorSlot,
  FrameworkUser,
  IdSlot,
  LineBufferSlot,
  LocalTraceSlot,
  RouteRecorder,
  RpcInfo,
  RpcRecorder,
  UserReader,
} from "./unit-views.ts";

/**
 * One unit of work: a request, a message or a job. HTTP or messaging creates it
 * where the work arrives, and the context has it. The pipelines meet here without
 * knowing each other: each reads and writes its own members, through a narrow
 * view (`unit-views.ts`).
 */
export class UnitOfWork
  implements RouteRecorder, RpcRecorder, IdSlot, ErrorSlot, LineBufferSlot, LocalTraceSlot
{
  requestId: string | undefined = undefined;
  #userId: string | undefined = undefined;
  /** Reads the user that the framework knows, where that is asked for. */
  userReader: UserReader | undefined = undefined;
  /** Set by `setOrganization`. */
  organizationId: string | undefined = undefined;
  /** The route as the framework names it (`/users/:id`), without the method. */
  route: string | undefined = undefined;
  /** The raw request object, while it is in flight. */
  request: object | undefined = undefined;
  /** The framework's own request or context, if it has one, while it is in flight. */
  frameworkRequest: object | undefined = undefined;
  /** The parsed body of a request in flight, where the framework does not keep it itself. */
  parsedBody: unknown = undefined;
  /** The request method, for Sentry's `transaction` and for metrics. */
  method: string | undefined = undefined;
  /**
   * The error that a framework turned into a response; it becomes an event only with a 5xx. What
   * `markThrown` returns, as in the next two members.
   */
  error: unknown = undefined;
  /** The first error, where an error handler then failed with, or passed on, another `error`. */
  originalError: unknown = undefined;
  /** Errors that count whatever the status: GraphQL responds with 200, and a stream fails after the head. */
  failures: unknown[] | undefined = undefined;
  /** The remote procedure call, where the request is one. */
  rpc: RpcInfo | undefined = undefined;
  /** Pattern of the mounts that are being matched (`/users/:id`), set by frameworks. */
  mountPath = "";
  /** Id of the last event of an error in Sentry. */
  errorEventId: string | undefined = undefined;
  /** How Sentry's release health counts the unit; undefined without a captured error. */
  sessionStatus: "errored" | "crashed" | undefined = undefined;
  /** Its latest lines, calls and queries, for breadcrumbs. */
  trail: BreadcrumbTrail | undefined = undefined;
  /** Its lines below the level of their loggers; undefined until there is one. */
  bufferedLines: BufferedLines | undefined = undefined;
  /** Whether such lines are written at once, since an error was captured. */
  writesAllLines = false;
  /** The times of its calls; undefined until there is one. */
  callTimes: CallTimes | undefined = undefined;
  /** Sentry scopes, forked at their first use. */
  scope: unknown = undefined;
  /** The local trace (`traces/local-trace.ts`). */
  localTrace: LocalTraceHandle | undefined = undefined;
  /** The span of the whole unit of work. */
  span: Span | undefined = undefined;
  /** The HTTP status, once it is sent. */
  statusCode: number | undefined = undefined;
  /** Whether `end` was called: nothing more will be known of this unit. */
  ended = false;
  /** The user of its isolated parts; null if they have several. */
  #userOfParts: string | null | undefined = undefined;
  #organizationOfParts: string | null | undefined = undefined;
  #endListeners: (() => void)[] | undefined = undefined;

  /** Id of the user: that of `setUser`, or that of the framework's user. */
  get userId(): string | undefined {
    return this.#userId ?? (this.userReader === undefined ? undefined : this.frameworkUser()?.id);
  }

  /** Sets the user, also to none: then the framework's user is not read any more. */
  set userId(id: string | undefined) {
    this.#userId = id;
    this.userReader = undefined;
  }

  setUserId(id: string | undefined): void {
    this.userId = id;
  }

  setOrganizationId(id: string | undefined): void {
    this.organizationId = id;
  }

  recordUserOfPart(id: string | undefined): void {
    this.#userOfParts = onlyOne(this.#userOfParts, id);
  }

  recordOrganizationOfPart(id: string | undefined): void {
    this.#organizationOfParts = onlyOne(this.#organizationOfParts, id);
  }

  /** Returns the user for the span of the unit: its own, else that of its parts, unless they have several. */
  userOfSpan(): string | undefined {
    return this.userId ?? this.#userOfParts ?? undefined;
  }

  /** Returns the organization for the span of the unit, as `userOfSpan`. */
  organizationOfSpan(): string | undefined {
    return this.organizationId ?? this.#organizationOfParts ?? undefined;
  }

  /** Sets the user to that of the longer unit that this one is a part of. */
  inheritUser(from: UnitOfWork): void {
    this.#userId = from.#userId;
    if (from.userReader !== undefined) this.userReader = () => from.frameworkUser();
  }

  /** Returns the user that the framework knows now, or knew at the end. */
  frameworkUser(): FrameworkUser | undefined {
    return this.userReader?.(this.request, this.frameworkRequest);
  }

  /** Releases the request and what the framework has attached to it, except for its user. */
  releaseRequest(): void {
    const { userReader } = this;
    if (userReader !== undefined) {
      const user = userReader(this.request, this.frameworkRequest);
      this.userReader = user && (() => user);
    }
    this.request = undefined;
    this.frameworkRequest = undefined;
    this.parsedBody = undefined;
  }

  /** Records an error that a framework is about to turn into a response. The last one counts. */
  recordError(thrown: unknown): void {
    const error = markThrown(thrown);
    if (this.error === error) return;
    this.originalError ??= this.error;
    this.error = error;
  }

  /** Records an error that fails the unit whatever the response status: each once, up to a limit. */
  recordFailure(thrown: unknown): void {
    const error = markThrown(thrown);
    this.failures ??= [];
    if (this.failures.length < MAX_FAILURES && !this.failures.includes(error)) {
      this.failures.push(error);
    }
  }

  /** Writes its lines below the level of their loggers: an error was captured. */
  writeBufferedLines(): void {
    this.writesAllLines = true;
    this.bufferedLines?.write();
  }

  /** Whether this is the ended unit of `request`, which is no longer in flight; HTTP overrides it. */
  belongedTo(_request: object): boolean {
    return false;
  }

  /** Returns the route as far as it is known: frameworks set it while the request runs. */
  currentRoute(): string | undefined {
    return this.route;
  }

  /** Returns the path of the request, without the query; HTTP overrides it. */
  currentPath(): string | undefined {
    return undefined;
  }

  /** Returns the path without secrets, fit to leave the process; HTTP overrides it. */
  redactedPath(): string | undefined {
    return undefined;
  }

  /** Returns the request as it arrived; HTTP overrides it. */
  arrivedRequest(): ArrivedRequest | undefined {
    return undefined;
  }

  /** Returns the job, where the unit is no request; messaging overrides it. */
  jobInfo(): JobInfo | undefined {
    return undefined;
  }

  /** Returns the unit that started this one, as a request starts a job; messaging overrides it. */
  startedByUnit(): UnitOfWork | undefined {
    return undefined;
  }

  /** Returns the longer unit that this one is a part of, as a message is of its connection; messaging overrides it. */
  enclosingUnit(): UnitOfWork | undefined {
    return undefined;
  }

  /** Runs `listener` at the end, or at once after it. `listener` must not throw. */
  onEnded(listener: () => void): void {
    if (this.ended) listener();
    else if (this.#endListeners === undefined) this.#endListeners = [listener];
    else this.#endListeners.push(listener);
  }

  /** Ends the unit: the response is sent (or its connection closed) and `route` is final. */
  end(): void {
    this.ended = true;
    const listeners = this.#endListeners;
    if (listeners === undefined) return;
    this.#endListeners = undefined;
    for (const listener of listeners) listener();
  }
}

/** Returns the id that all parts have in common so far; null if there are several. */
function onlyOne(
  known: string | null | undefined,
  id: string | undefined,
): string | null | undefined {
  if (id === undefined) return known;
  return known === undefined || known === id ? id : null;
}

/** A list of a thousand invalid fields is one bug, not a thousand events. */
const MAX_FAILURES = 20;
