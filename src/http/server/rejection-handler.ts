import { withSignature } from "../../context/signature.ts";
import type { UnitOfWork } from "../../context/unit-of-work.ts";

/** Node's key of the method that handles the rejection of a listener, where `captureRejections` is on. */
const REJECTION = Symbol.for("nodejs.rejection");

type OnRejection = (this: unknown, error: unknown, event: unknown, ...args: unknown[]) => unknown;

/**
 * Records the rejections of listeners. A server responds to one with 500, or aborts
 * the response, and does not report the error:
 * https://nodejs.org/api/events.html#capture-rejections-of-promises
 *
 * @param unitOf returns the unit of work of a request or a stream, the first argument of the
 *   event; must not throw
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
  const value = withSignature(onRejection, original);
  Object.defineProperty(prototype, REJECTION, { ...descriptor, value });
}
