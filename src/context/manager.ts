import { AsyncLocalStorage } from "node:async_hooks";
import type { Context as ApiContext, Span } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { asContext, unitOfWorkIn, ROOT_CONTEXT, spanIn, suppressTracing } from "./context.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** The one storage of the process: all copies of our chunks share this module. */
const storage = new AsyncLocalStorage<ApiContext>();

export function activeContext(): ApiContext {
  return storage.getStore() ?? ROOT_CONTEXT;
}

export function activeSpan(): Span | undefined {
  const context = storage.getStore();
  return context === undefined ? undefined : spanIn(context);
}

export function activeUnitOfWork(): UnitOfWork | undefined {
  const context = storage.getStore();
  return context === undefined ? undefined : unitOfWorkIn(context);
}

/** The span of a request whose listeners are not called yet. */
let upcomingSpan: Span | undefined;

/** Notes the span of a request that is about to be handled, until the next microtask. */
export function setUpcomingSpan(span: Span | undefined): void {
  upcomingSpan = span;
  queueMicrotask(() => {
    upcomingSpan = undefined;
  });
}

/** The active span, or where there is none that of the request that is about to be handled. */
export function activeOrUpcomingSpan(): Span | undefined {
  return activeSpan() ?? upcomingSpan;
}

/** Runs `work` with `context` active, in it and in all that it starts. */
export function runWithContext<R>(context: ApiContext, work: () => R): R {
  return storage.run(context, work);
}

/**
 * Makes `context` the active one of the function that is running, and of what it
 * does after its next `await`; whoever called it notices, until then, too.
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
    // No `catch`: Node would show ours as the place where the error was thrown.
    if (!returned) recordThrowContext(context);
  }
}

let throwContext: ApiContext | undefined;

/** Until the next microtask: what Node does with an error that nobody catches, it does before. */
function recordThrowContext(context: ApiContext): void {
  throwContext ??= context;
  queueMicrotask(() => {
    throwContext = undefined;
  });
}

/**
 * Runs `work` where an error was thrown that has just become fatal: a throw
 * leaves the context of its request before anybody is told of it.
 */
export function runInThrowContext<R>(work: () => R): R {
  const isContextLost = throwContext !== undefined && storage.getStore() === undefined;
  return isContextLost ? storage.run(throwContext as ApiContext, work) : work();
}

/**
 * For `uncaughtExceptionMonitor`: the app's listeners for `uncaughtException`,
 * which Node calls right after that, run where the error was thrown, so that
 * the line that tells why the process dies has its ids. To enter the context
 * instead would leave it to whatever the connection brings next.
 */
export function emitUncaughtInThrowContext(): void {
  const context = throwContext;
  if (context === undefined || storage.getStore() !== undefined) return;
  // Else Node calls none of them.
  if (
    process.listenerCount(UNCAUGHT_EXCEPTION) === 0 ||
    process.hasUncaughtExceptionCaptureCallback()
  )
    return;
  const own = Object.getOwnPropertyDescriptor(process, "emit");
  const original = process.emit as Method;
  const emit = function (this: unknown, ...args: unknown[]): unknown {
    if (args[0] !== UNCAUGHT_EXCEPTION) return Reflect.apply(original, this, args);
    // Unless somebody has put another one over it.
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

/** Runs work of ours that must leave no trace. */
export function runSuppressed<R>(work: () => R): R {
  return storage.run(suppressTracing(ROOT_CONTEXT), work);
}

/**
 * Our `ContextManager` behind `@opentelemetry/api`: the SDK's, for its `bind`,
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
      // A frozen emitter, a revoked proxy: as it is.
      return target;
    }
  }

  override disable(): this {
    return this;
  }
}
