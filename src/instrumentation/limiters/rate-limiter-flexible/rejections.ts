import { activeLimitedUnit } from "../../../context/unit-access.ts";
import type { LimitedUnit } from "../../../context/unit-views.ts";
import type { AdaptorDeps } from "../../loading/adaptor.ts";
import { CurrentValue } from "../../loading/current-value.ts";
import { type Method, replaceMethod } from "../../loading/replace-method.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { isInnerLimiter } from "./inner-limiters.ts";
import { type LimiterLike, rejectedNameOf } from "./limiter-name.ts";

/** Whether a limiter is running, which includes those that it calls. Versions may be mixed. */
const isNested = new CurrentValue(false);

/** A method that runs while no inner limiter records. */
type LimiterMethod = Method<LimiterLike>;

/** Patches the classes of limiters so that their rejections are recorded. */
export class Rejections {
  readonly #deps: AdaptorDeps;

  constructor(deps: AdaptorDeps) {
    this.#deps = deps;
  }

  /** Patches the class of a limiter, or one that limiters inherit from. */
  patchLimiter(prototype: object): void {
    if (Object.hasOwn(prototype, "consume")) this.#patch(prototype, "consume");
    // It calls the insurance limiter, when the store has failed.
    if (Object.hasOwn(prototype, "_handleError")) runNested(prototype, "_handleError");
  }

  /** Patches `BurstyRateLimiter`, which asks its second limiter when the first one has rejected. */
  patchBursty(prototype: object): void {
    replaceMethod<BurstyLimiter, unknown[]>(prototype, "consume", (original) => {
      return function consume(...args) {
        const burst = this._burstLimiter;
        const value = {
          consume: (...burstArgs: unknown[]) =>
            isNested.run(true, () => Reflect.apply(burst.consume, burst, burstArgs)),
        };
        const limiter = Object.create(this, { _burstLimiter: { value } }) as BurstyLimiter;
        return Reflect.apply(original, limiter, args);
      };
    });
    this.#patch(prototype, "consume");
  }

  /** Patches `RateLimiterQueue`. A call that it delays is none that it rejects. */
  patchQueue(prototype: object): void {
    const patched = new WeakSet<object>();
    replaceMethod<LimiterQueue, unknown[]>(prototype, "removeTokens", (original) => {
      return function removeTokens(...args) {
        // The class of its parts is not exported. A part calls the limiter again after a while.
        const [part] = Object.values(this._queueLimiters);
        const parts = part && (Object.getPrototypeOf(part) as object);
        if (parts !== undefined && !patched.has(parts)) {
          patched.add(parts);
          runNested(parts, "_processFIFO");
        }
        return Reflect.apply(original, this, args);
      };
    });
    this.#patch(prototype, "removeTokens");
  }

  #patch(prototype: object, name: string): void {
    const record = (...args: Parameters<Rejections["record"]>): void => this.record(...args);
    replaceMethod<LimiterLike, unknown[]>(prototype, name, (original) => {
      return function consume(...args) {
        if (isNested.get()) return Reflect.apply(original, this, args);
        const unit = activeLimitedUnit();
        const result = isNested.run(true, () => Reflect.apply(original, this, args));
        if (!(result instanceof Promise)) return result;
        return result.catch((rejection: unknown) => {
          record(this, rejection, unit);
          throw rejection;
        });
      };
    });
  }

  /** Records a rejection that is no error. Never throws. */
  record(limiter: LimiterLike, rejection: unknown, unit: LimitedUnit | undefined): void {
    tryOrReport(this.#deps.diagnostics, KEY, NOT_COUNTED, () => {
      const name = rejectedNameOf(limiter, rejection);
      if (name === undefined || isInnerLimiter(limiter)) return;
      this.#deps.rateLimits().recordHit(name, unit);
    });
  }
}

const KEY = "instrumentation.rate-limiter-flexible";
const NOT_COUNTED = "hits of a limiter of rate-limiter-flexible are not counted";

interface BurstyLimiter {
  readonly _burstLimiter: { readonly consume: (...args: unknown[]) => unknown };
}

interface LimiterQueue {
  readonly _queueLimiters: Readonly<Record<string, object>>;
}

/** Makes the limiters that a method calls inner ones. */
function runNested(prototype: object, name: string): void {
  replaceMethod(prototype, name, (original): LimiterMethod => {
    return function (...args) {
      return isNested.run(true, () => Reflect.apply(original, this, args));
    };
  });
}
