import { AsyncLocalStorage } from "node:async_hooks";
import type { Context as ApiContext, Span } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { asContext, unitOfWorkIn, ROOT_CONTEXT, spanIn, suppressTracing } from "./context.ts";
import { processContext } from "./process/process-context.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** The one storage of the process: all lazy modules share this module. */
const storage: AsyncLocalStorage<ApiContext> = new AsyncLocalStorage();
export { storage as contextStorage };

export function activeContext(): ApiContext {
  return storage.getStore() ?? processContext();
}

export function activeSpan(): Span | undefined {
  return spanIn(activeContext());
}

export function activeUnitOfWork(): UnitOfWork | undefined {
  const context = storage.getStore();
  return context === undefined ? undefined : unitOfWorkIn(context);
}

/** State beside the active context; each value is set until the next microtask. */
const ambient: {
  /** Span of a request whose listeners have not been called yet. */
  upcomingSpan: Span | undefined;
  /** Context that an error was thrown in. */
  throwContext: ApiContext | undefined;
  /** Whether that error has left all contexts, so that the next one is another. */
  hasLeftContexts: boolean;
} = { upcomingSpan: undefined, throwContext: undefined, hasLeftContexts: false };

/** Sets the span of a request that is about to be handled, until the next microtask. */
export function setUpcomingSpan(span: Span | undefined): void {
  ambient.upcomingSpan = span;
  queueMicrotask(() => {
    ambient.upcomingSpan = undefined;
  });
}

/** Returns the active span or, where there is none, that of the request that is about to be handled. */
export function activeOrUpcomingSpan(): Span | undefined {
  return activeSpan() ?? ambient.upcomingSpan;
}

/** Runs `work` with `context` active, in it and in everything that it starts. */
export function runWithContext<R>(context: ApiContext, work: () => R): R {
  return storage.run(context, work);
}

/**
 * Activates `context` for the running function, also after its next `await`. Until
 * then it is active for the callers of the function, too.
 */
export function enterContext(context: ApiContext): void {
  storage.enterWith(context);
}

/** `runWithContext` for the hot path: a method call without a closure. */
export function callWithContext<This, Args extends unknown[], R>(
  context: ApiContext,
  method: (this: This, ...args: Args) => R,
  self: This,
  args: Args,
): R {
  let returned = false;
  try {
    const result = storage.run(context, applyTo, method as Method, self, args) as R;
    returned = true;
    return result;
  } finally {
    // No `catch`: Node would show it as the place where the error was thrown.
    if (!returned) recordThrowContext(context);
  }
}

/**
 * Records the innermost context of a throw until the next microtask: Node handles an uncaught
 * exception before it. Several timers of a process that survives their exceptions run before it.
 */
function recordThrowContext(context: ApiContext): void {
  if (ambient.throwContext === undefined || ambient.hasLeftContexts) ambient.throwContext = context;
  ambient.hasLeftContexts = storage.getStore() === undefined;
  queueMicrotask(() => {
    ambient.throwContext = undefined;
  });
}

/**
 * Runs `work` in the context that an uncaught exception was thrown in: a throw leaves
 * the context of its request or message before Node reports it.
 */
export function runInThrowContext<R>(work: () => R): R {
  const context = lostThrowContext();
  return context === undefined ? work() : storage.run(context, work);
}

/**
 * Returns the context of the throw where none is active any more, or only that of the
 * connection of a message. Another one may be of an error that was caught.
 */
function lostThrowContext(): ApiContext | undefined {
  const { throwContext } = ambient;
  const active = storage.getStore();
  if (throwContext === undefined || active === undefined) return throwContext;
  const connection = unitOfWorkIn(throwContext)?.enclosingUnit();
  return connection !== undefined && connection === unitOfWorkIn(active) ? throwContext : undefined;
}

/**
 * Makes the app's listeners for `uncaughtException` run in the context of the throw,
 * so that the line that reports the error has its ids. To be called by a listener for
 * `uncaughtExceptionMonitor`: Node emits `uncaughtException` right after that.
 * Activating the context instead would leave it active for the next data of the
 * connection.
 */
export function emitUncaughtInThrowContext(): void {
  const context = lostThrowContext();
  if (context === undefined) return;
  // Else Node calls no listener.
  if (
    process.listenerCount(UNCAUGHT_EXCEPTION) === 0 ||
    process.hasUncaughtExceptionCaptureCallback()
  )
    return;
  const own = Object.getOwnPropertyDescriptor(process, "emit");
  const original = process.emit as Method;
  const emit = function (this: unknown, ...args: unknown[]): unknown {
    if (args[0] !== UNCAUGHT_EXCEPTION) return Reflect.apply(original, this, args);
    // It was patched again by others.
    if (Object.getOwnPropertyDescriptor(process, "emit")?.value !== emit) {
      return Reflect.apply(original, this, args);
    }
    if (own === undefined) Reflect.deleteProperty(process, "emit");
    else Object.defineProperty(process, "emit", own);
    return storage.run(context, applyTo, original, this, args);
  };
  Object.defineProperty(process, "emit", { configurable: true, writable: true, value: emit });
}

const UNCAUGHT_EXCEPTION = "uncaughtException";

type Method = (...args: unknown[]) => unknown;

function applyTo(method: Method, self: unknown, args: unknown[]): unknown {
  return Reflect.apply(method, self, args);
}

/** Runs work of telltale that must not be traced. */
export function runSuppressed<R>(work: () => R): R {
  return storage.run(suppressTracing(ROOT_CONTEXT), work);
}

/**
 * The `ContextManager` behind `@opentelemetry/api`: that of the SDK, for its `bind`,
 * over the one storage.
 */
export class StorageContextManager extends AsyncLocalStorageContextManager {
  override active(): ApiContext {
    return activeContext();
  }

  override with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: ApiContext,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    if (typeof fn !== "function") return undefined as ReturnType<F>;
    return storage.run(
      asContext(context) ?? ROOT_CONTEXT,
      applyTo,
      fn as unknown as Method,
      thisArg,
      args,
    ) as ReturnType<F>;
  }

  override bind<T>(context: ApiContext, target: T): T {
    try {
      return super.bind(asContext(context) ?? ROOT_CONTEXT, target);
    } catch {
      // A frozen emitter, a revoked proxy: returned unchanged.
      return target;
    }
  }

  override disable(): this {
    return this;
  }
}
