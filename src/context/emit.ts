import { EventEmitter } from "node:events";
import type { Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "./context.ts";
import type { UnitOfWork } from "./unit-of-work.ts";
import { activeContext, activeUnitOfWork, callWithContext } from "./manager.ts";

export type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean;
export type EmitArgs = Parameters<Emit>;

/**
 * What happens instead of an `emit`.
 *
 * @param next the `emit` that would have run, on `emitter` with `args` (the event first).
 */
export type EmitInterceptor = (next: Emit, emitter: EventEmitter, args: EmitArgs) => boolean;

/** Gives a class of emitters an `emit` of its own; what it inherits is called below it. */
export function wrapEmit(prototype: EventEmitter, intercept: EmitInterceptor): void {
  const own = Object.hasOwn(prototype, "emit") ? (prototype.emit as Emit) : undefined;
  const parent = Object.getPrototypeOf(prototype) as EventEmitter;
  defineEmit(prototype, function emit(event) {
    // Not a rest parameter: this is on every request's way.
    const args = arguments as unknown as EmitArgs;
    // The inherited one is looked up each time: `domain` replaces it when an app loads it.
    const next = own ?? fatalEmit ?? (parent.emit as Emit);
    if (isFatal(this, event)) return emitFatal(emit, next, this, args);
    return intercept(next, this, args);
  });
}

/**
 * Runs the listeners of one request, of its response or of its HTTP/2 stream,
 * under the request's context, for those that Node would run under another: that of the connection
 * for what comes over the network (the parts of a body, the loss of the
 * connection), that of the request before for a response that waited for it.
 */
export function bindEmitter(unit: UnitWithContext, message: EventEmitter): void {
  const own = Object.hasOwn(message, "emit") ? (message.emit as Emit) : undefined;
  const parent = Object.getPrototypeOf(message) as EventEmitter;
  defineEmit(message, function emit(event) {
    const args = arguments as unknown as EmitArgs;
    const next = own ?? fatalEmit ?? (parent.emit as Emit);
    if (isFatal(this, event)) return emitFatal(emit, next, this, args);
    const { context } = unit;
    if (context === undefined || activeUnitOfWork() === unit)
      return Reflect.apply(next, this, args);
    return callWithContext(context, next, this, args);
  });
}

/** The context that an emitter emits in; it may change. */
export interface ContextRef {
  context: ApiContext;
}

/**
 * Runs the listeners of `emitter` in a context of its own, where the events come from a
 * connection that several share.
 */
export function bindEmitterToContext(contextRef: ContextRef, emitter: EventEmitter): void {
  const own = Object.hasOwn(emitter, "emit") ? (emitter.emit as Emit) : undefined;
  const parent = Object.getPrototypeOf(emitter) as EventEmitter;
  defineEmit(emitter, function emit(event) {
    const args = arguments as unknown as EmitArgs;
    const next = own ?? fatalEmit ?? (parent.emit as Emit);
    const { context } = contextRef;
    const isActive = activeContext() === context;
    if (isFatal(this, event)) {
      const fatal = [emit, next, this, args] as const;
      return isActive
        ? emitFatal(...fatal)
        : callWithContext(context, emitFatal, undefined, [...fatal]);
    }
    return isActive ? Reflect.apply(next, this, args) : callWithContext(context, next, this, args);
  });
}

/** A holder that knows what its listeners run under. */
type UnitWithContext = UnitOfWork & { readonly context: Context | undefined };

function defineEmit(emitter: EventEmitter, emit: Emit): void {
  Object.defineProperty(emitter, "emit", {
    value: emit,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

function isFatal(emitter: EventEmitter, event: string | symbol): boolean {
  return event === "error" && emitter.listenerCount("error") === 0;
}

/** While a fatal error is emitted: what stands behind our wrapper. */
let fatalEmit: Emit | undefined;

/**
 * An `error` nobody listens to ends the process, and Node prints where it was
 * emitted: the frames above `EventEmitter.prototype.emit`, which it reads at
 * that moment. For that moment it is our wrapper, so that our frame is cut off
 * and stderr stays what it was.
 */
function emitFatal(wrapper: Emit, next: Emit, emitter: EventEmitter, args: EmitArgs): boolean {
  const originalEmit = EventEmitter.prototype.emit;
  const previousFatalEmit = fatalEmit;
  fatalEmit = next;
  EventEmitter.prototype.emit = wrapper as typeof originalEmit;
  try {
    return Reflect.apply(next, emitter, args);
  } finally {
    EventEmitter.prototype.emit = originalEmit;
    fatalEmit = previousFatalEmit;
  }
}
