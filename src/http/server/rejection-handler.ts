import type { UnitOfWork } from "../../context/unit-of-work.ts";

/** Node's name for what an emitter does with a listener that rejects, where `captureRejections` is on. */
const REJECTION = Symbol.for("nodejs.rejection");

type OnRejection = (this: unknown, error: unknown, event: unknown, ...args: unknown[]) => unknown;

/**
 * Servers answer 500 for such a listener, or break off the response, and tell
 * nobody of the error: https://nodejs.org/api/events.html#capture-rejections-of-promises
 *
 * @param unitOf of a request or a stream, the event's first argument; must not throw
 */
export function wrapRejectionHandler(
  prototype: object,
  unitOf: (message: object) => UnitOfWork | undefined,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, REJECTION);
  if (typeof descriptor?.value !== "function") return;
  const original = descriptor.value as OnRejection;
  const onRejection: OnRejection = function (error, event, ...args) {
    const [message] = args;
    if (typeof message === "object" && message !== null) unitOf(message)?.recordError(error);
    return Reflect.apply(original, this, [error, event, ...args]);
  };
  for (const key of ["name", "length"] as const) {
    Object.defineProperty(onRejection, key, { value: original[key], configurable: true });
  }
  Object.defineProperty(prototype, REJECTION, { ...descriptor, value: onRejection });
}
