import { EventEmitter } from "node:events";
import { types } from "node:util";
import { runUnitOfWork } from "../../context/run-unit.ts";
import type { Emit } from "../../context/emit.ts";
import type { UnitFailure, UnitOfWorkHandle } from "../../context/messaging.ts";

/**
 * Emits the event of a message. All its listeners are one unit of work, which lasts
 * as long as the longest of them.
 *
 * An emitter ignores what its listeners return, so they are called one by one
 * here, in the order and with the arguments of `emit`. The promise of an `async`
 * function is known to no other code, so it can be followed. Other promises may
 * be handled later by the code that created them, and don't end the unit. An emitter
 * that catches rejections calls its listeners itself.
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

/** Also recognizes async functions behind the wrapper of `once`. */
function isAsync(listener: unknown): boolean {
  const { listener: inner } = listener as { readonly listener?: unknown };
  return types.isAsyncFunction(inner ?? listener);
}

/** Node's symbol of the option `captureRejections`; undefined where Node has none. */
const CAPTURE_REJECTIONS: symbol | undefined = Object.getOwnPropertySymbols(
  new EventEmitter(),
).find(({ description }) => description === "kCapture");

function catchesRejections(emitter: EventEmitter): boolean {
  if (CAPTURE_REJECTIONS === undefined) return EventEmitter.captureRejections;
  return (emitter as unknown as Record<symbol, unknown>)[CAPTURE_REJECTIONS] === true;
}

/** A unit of work of several parts, which ends with the last of them. */
class RefCountedWork {
  readonly #work: UnitOfWorkHandle;
  /** One for the code that creates the parts. */
  #openHandles = 1;

  constructor(work: UnitOfWorkHandle) {
    this.#work = work;
  }

  childHandle(): UnitOfWorkHandle {
    this.#openHandles++;
    let isEnded = false;
    return {
      context: this.#work.context,
      fail: (failure: UnitFailure) => this.#work.fail(failure),
      end: () => {
        if (isEnded) return;
        isEnded = true;
        this.release();
      },
    };
  }

  release(): void {
    this.#openHandles--;
    if (this.#openHandles === 0) this.#work.end();
  }
}
