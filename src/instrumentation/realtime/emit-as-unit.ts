import { EventEmitter } from "node:events";
import { types } from "node:util";
import { runUnitOfWork } from "../../context/run-unit.ts";
import type { Emit } from "../../context/emit.ts";
import type { UnitFailure, UnitOfWorkHandle } from "../../context/messaging.ts";

/**
 * Emits an event that brings a message: all its listeners are one work, which
 * lasts as long as the longest of them.
 *
 * An emitter forgets what its listeners return, so they are called one by one
 * here, in the order and with the arguments that `emit` has. The promise of an
 * `async` function nobody else can have, so that it may be followed; other
 * promises may be caught later by whoever made them, and end nothing. Where the
 * emitter catches rejections, all is left to it.
 */
export function emitAsUnitOfWork(
  work: UnitOfWorkHandle,
  next: Emit,
  emitter: EventEmitter,
  args: Parameters<Emit>,
): boolean {
  if (catchesRejections(emitter))
    return runUnitOfWork(work, () => Reflect.apply(next, emitter, args));
  const [event, ...values] = args;
  const listeners = emitter.rawListeners(event);
  const shared = new RefCountedWork(work);
  try {
    for (const listener of listeners)
      runUnitOfWork(shared.childHandle(), listenerCall(listener, emitter, values));
  } finally {
    shared.release();
  }
  return listeners.length > 0;
}

function listenerCall(listener: unknown, emitter: EventEmitter, values: unknown[]): () => unknown {
  const method = listener as (...args: unknown[]) => unknown;
  const call = (): unknown => Reflect.apply(method, emitter, values);
  if (isAsync(listener)) return call;
  return () => {
    call();
  };
}

/** Also behind what `once` puts around it. */
function isAsync(listener: unknown): boolean {
  const { listener: inner } = listener as { readonly listener?: unknown };
  return types.isAsyncFunction(inner ?? listener);
}

/** Where Node keeps the option `captureRejections`; undefined on a Node that keeps it elsewhere. */
const CAPTURE_REJECTIONS: symbol | undefined = Object.getOwnPropertySymbols(
  new EventEmitter(),
).find(({ description }) => description === "kCapture");

function catchesRejections(emitter: EventEmitter): boolean {
  if (CAPTURE_REJECTIONS === undefined) return EventEmitter.captureRejections;
  return (emitter as unknown as Record<symbol, unknown>)[CAPTURE_REJECTIONS] === true;
}

/** A work of several parts, over with the last of them. */
class RefCountedWork {
  readonly #work: UnitOfWorkHandle;
  /** One for who hands out the parts. */
  #openHandles = 1;

  constructor(work: UnitOfWorkHandle) {
    this.#work = work;
  }

  childHandle(): UnitOfWorkHandle {
    this.#openHandles++;
    let isOver = false;
    return {
      context: this.#work.context,
      fail: (failure: UnitFailure) => this.#work.fail(failure),
      end: () => {
        if (isOver) return;
        isOver = true;
        this.release();
      },
    };
  }

  release(): void {
    this.#openHandles--;
    if (this.#openHandles === 0) this.#work.end();
  }
}
