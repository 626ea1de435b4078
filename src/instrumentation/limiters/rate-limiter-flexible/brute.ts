import { limitedUnitOf } from "../../../context/unit-access.ts";
import type { AdaptorDeps } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { addInnerLimiter } from "./inner-limiters.ts";

/** `ExpressBruteFlexible`, with limiters of its own for the free attempts and the waiting times. */
interface Brute {
  readonly name: string;
  readonly options: { readonly failCallback?: unknown };
  readonly freeLimiter?: object;
}

interface MiddlewareOptions {
  readonly prefix?: unknown;
  readonly failCallback?: unknown;
}

/**
 * Patches `ExpressBruteFlexible`, whose first limiter rejects requests that wait, and are
 * then allowed. It calls `failCallback` for those that it rejects.
 */
export function patchBrute(prototype: object, deps: AdaptorDeps): void {
  replaceMethod<Brute, [options?: MiddlewareOptions]>(prototype, "getMiddleware", (original) => {
    return function getMiddleware(options, ...rest) {
      const recording = recordingOptions(this, options, deps);
      const middleware = Reflect.apply(original, this, [recording, ...rest]);
      if (this.freeLimiter !== undefined) addInnerLimiter(this.freeLimiter);
      return middleware;
    };
  });
}

/** Returns a copy of the options with a `failCallback` that records a hit, and calls the one in effect. */
function recordingOptions(
  brute: Brute,
  options: MiddlewareOptions | undefined,
  { rateLimits, diagnostics }: AdaptorDeps,
): MiddlewareOptions {
  const { prefix, failCallback: own } = options ?? {};
  return {
    ...options,
    failCallback(this: unknown, ...args: unknown[]) {
      tryOrReport(diagnostics, KEY, NOT_COUNTED, () => {
        const name = typeof prefix === "string" && prefix !== "" ? prefix : brute.name;
        rateLimits().recordHit(name, limitedUnitOf(args[0] as object));
      });
      const callback = own === undefined ? brute.options.failCallback : own;
      if (typeof callback === "function") Reflect.apply(callback, this, args);
    },
  };
}

const KEY = "instrumentation.rate-limiter-flexible";
const NOT_COUNTED = "hits of ExpressBruteFlexible are counted without its name";
