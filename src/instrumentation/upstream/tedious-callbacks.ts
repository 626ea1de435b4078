import type { TediousInstrumentation } from "@opentelemetry/instrumentation-tedious";
import { bindEvents, bindToCaller } from "../loading/caller-context.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Patch = (original: Method) => Method;

/** Private in upstream's types. */
interface Internals {
  _patchQuery(...args: unknown[]): Patch;
  _patchCallbackQuery(...args: unknown[]): Patch;
}

/**
 * What a connection of `tedious` answers comes in the context that the connection
 * was opened in: a request's callback and events are bound to those of its caller.
 */
export function withBoundRequestCallbacks(
  instrumentation: TediousInstrumentation,
): TediousInstrumentation {
  const internals = instrumentation as unknown as Internals;
  const patchQuery = internals._patchQuery.bind(internals);
  internals._patchQuery = (...args) => {
    const wrap = patchQuery(...args);
    return (original) => {
      const traced = wrap(original);
      return function (...queryArgs) {
        bindEvents(queryArgs[0]);
        return Reflect.apply(traced, this, queryArgs);
      };
    };
  };
  const patchCallback = internals._patchCallbackQuery.bind(internals);
  internals._patchCallbackQuery = (...args) => {
    const wrap = patchCallback(...args);
    // It is wrapped when the request is made: still in its caller's context.
    return (original) => bindToCaller(wrap(original)) as Method;
  };
  return instrumentation;
}
