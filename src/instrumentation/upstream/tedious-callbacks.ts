import type { TediousInstrumentation } from "@opentelemetry/instrumentation-tedious";
import { bindEvents, bindToCaller } from "../loading/caller-context.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Patch = (original: Method) => Method;

/** Private members of upstream's class. */
interface Internals {
  _patchQuery(...args: unknown[]): Patch;
  _patchCallbackQuery(...args: unknown[]): Patch;
}

/**
 * Binds the callback and events of a `tedious` request to the context of its
 * caller. Without that, they run in the context in which the connection was
 * opened.
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
    // Upstream wraps the callback when the request is created, which is still in the caller's
    // context.
    return (original) => bindToCaller(wrap(original)) as Method;
  };
  return instrumentation;
}
