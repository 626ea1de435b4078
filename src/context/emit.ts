import { EventEmitter } from "node:events";
import type { Context as ApiContext } from "@opentelemetry/api";
import type { Context } from "./context.ts";
import type { UnitOfWork } from "./unit-of-work.ts";
import { activeContext, activeUnitOfWork, callWithContext } from "./manager.ts";

export type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean;
export type EmitArgs = Parameters<Emit>;

/**
 * Runs in the place of an `emit`.
 *
 * @param next the replaced `emit`, to be called on `emitter` with `args` (the event first).
 */
export type EmitInterceptor = (next: Emit, emitter: EventEmitter, args: EmitArgs) => boolean;

/** Defines an `emit` for a class of emitters, in front of its own or inherited one. */
export function wrapEmit(prototype: EventEmitter, intercept: EmitInterceptor): void {
  const own = Object.hasOwn(prototype, "emit") ? (prototype.emit as Emit) : undefined;
  const parent = Object.getPrototypeOf(prototype) as EventEmitter;
  defineEmit(prototype, function emit(event) {
    // No rest parameter: this runs for every request.
    const args = arguments as unknown as EmitArgs;
    // Looked up each time: `domain` replaces the inherited one when an app loads it.
    const next = own ?? fatalEmit ?? (parent.emit as Emit);
    if (isFatal(this, event)) return emitFatal(emit, next, this, args);
    return intercept(next, this, args);
  });
}

/**
 * Runs the listeners of one request, of its response or of its HTTP/2 stream in the
 * request's context. Node would run some in another one: in that of the connection
 * for network events (parts of a body, the close), and in that of the previous request
 * for a response that waited for it.
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

/** Reference to the context of an emitter; it may change. */
export interface ContextRef {
  context: ApiContext;
}

/**
 * Runs the listeners of `emitter` in a given context, where several emitters share
 * the connection that their events arrive on.
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

/** Unit of work with the context of its listeners. */
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

/**
 * The `emit` behind telltale's wrapper while a fatal error is emitted. A module
 * variable, since every `emit` reads it, and only one fatal error is emitted at a time.
 */
let fatalEmit: Emit | undefined;

/**
 * Emits an `error` without listeners, which terminates the process. Node prints where
 * it was emitted: the frames above the current `EventEmitter.prototype.emit`.
 * Meanwhile this is the wrapper, so that its frame is cut off, and stderr is the same
 * as without telltale.
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
