import { runWithContext } from "../../context/manager.ts";
import type { ProducerOperation } from "../../context/messaging.ts";

/** Sends in the operation's context. The operation ends with the call. */
export function runSend<R>(operation: ProducerOperation, send: () => R): R {
  const result = runOpenSend(operation, send);
  operation.end();
  return result;
}

/** Sends in the operation's context. The operation ends with the promise. */
export function runAsyncSend<R>(operation: ProducerOperation, send: () => Promise<R>): Promise<R> {
  return runOpenSend(operation, send).then(
    (result) => {
      operation.end();
      return result;
    },
    (error: unknown) => {
      operation.end(error);
      throw error;
    },
  );
}

/**
 * Sends in the operation's context. The caller ends the operation, unless `send`
 * throws.
 *
 * Without `catch`, since Node would report a rethrow as the place where the error
 * was thrown.
 */
export function runOpenSend<R>(operation: ProducerOperation, send: () => R): R {
  let hasThrown = true;
  try {
    const result = runWithContext(operation.context, send);
    hasThrown = false;
    return result;
  } finally {
    if (hasThrown) operation.end(SEND_FAILED);
  }
}

/** Error type of a call that threw, where the error itself is not caught. */
const SEND_FAILED = { name: "_OTHER" };
