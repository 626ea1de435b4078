import { limitedUnitOf } from "../../../context/unit-access.ts";
import type { LimitedUnit } from "../../../context/unit-views.ts";
import type { Adaptor, AdaptorDeps, LoadedFile } from "../../loading/adaptor.ts";
import { copyFunctionProperties } from "../../loading/replace-method.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { policyName } from "../policy-name.ts";

/**
 * Records what limiters of `express-rate-limit` 6 to 8 reject: requests over the limit
 * that their handler does not pass on. Only the handler is called for them, which is the
 * app's, so each limiter is wrapped, and reads the result that it leaves on the request.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const whole = typeof exports === "function" ? [exports] : [];
    const named = exports as Record<string, unknown>;
    const factories = [...whole, named["default"], named["rateLimit"]].filter(isFactory);
    const [factory] = factories;
    if (factory === undefined || factories.every((one) => counting.has(one))) return exports;
    const replacement = countingFactory(factory, file, deps);
    const target = whole.length > 0 ? (replacement as unknown as typeof named) : named;
    for (const name of ["default", "rateLimit"]) {
      if (named[name] === factory) target[name] = replacement;
    }
    return whole.length > 0 ? replacement : exports;
  },
};

/** The wrapped factories: files of one version import them from each other. */
const counting = new WeakSet<object>();

type Factory = (this: unknown, ...args: unknown[]) => Middleware;
type Middleware = (this: unknown, ...args: unknown[]) => unknown;
type Next = (...args: unknown[]) => unknown;

interface RequestLike {
  readonly [property: string]: unknown;
}

/** What the limiter leaves on a request. */
interface LimitInfo {
  readonly limit: number;
  readonly current: number;
}

function isFactory(value: unknown): value is Factory {
  return typeof value === "function";
}

function countingFactory(factory: Factory, file: LoadedFile, deps: AdaptorDeps): Factory {
  function createLimiter(this: unknown, ...args: unknown[]): Middleware {
    const middleware = Reflect.apply(factory, this, args);
    const counted = tryOrReport(deps.diagnostics, KEY, NOT_COUNTED, () =>
      countingMiddleware(middleware, new Limiter(args[0], file, deps)),
    );
    return counted ?? middleware;
  }
  const replacement = copyFunctionProperties(createLimiter, factory);
  counting.add(replacement);
  return replacement;
}

function countingMiddleware(middleware: Middleware, limiter: Limiter): Middleware {
  return copyFunctionProperties(function (this: unknown, ...args: unknown[]) {
    const [request, response, next, ...rest] = args;
    const call = limiter.start(request);
    if (call === undefined || typeof next !== "function") {
      return Reflect.apply(middleware, this, args);
    }
    const counted = [request, response, call.allowing(next as Next), ...rest];
    const result = Reflect.apply(middleware, this, counted);
    return result instanceof Promise ? result.finally(() => call.check()) : result;
  }, middleware);
}

const KEY = "instrumentation.express-rate-limit";
const NOT_COUNTED = "hits of a limiter of express-rate-limit are counted without its name";

const DEFAULT_WINDOW_MS = 60_000;

/** The options of a limiter that its hits need. */
class Limiter {
  readonly #property: string;
  readonly #identifier: string | undefined;
  readonly #windowMs: number;
  /** Whether a limit of 0 is none, as before version 7. */
  readonly #hasZeroAsNone: boolean;
  readonly #deps: AdaptorDeps;

  constructor(options: unknown, { version }: LoadedFile, deps: AdaptorDeps) {
    const { requestPropertyName, identifier, windowMs } = (options ?? {}) as RequestLike;
    this.#property = typeof requestPropertyName === "string" ? requestPropertyName : "rateLimit";
    this.#identifier = typeof identifier === "string" ? identifier : undefined;
    this.#windowMs = typeof windowMs === "number" ? windowMs : DEFAULT_WINDOW_MS;
    this.#hasZeroAsNone = version.startsWith("6.");
    this.#deps = deps;
  }

  start(request: unknown): LimiterCall | undefined {
    if (typeof request !== "object" || request === null) return undefined;
    const { diagnostics } = this.#deps;
    return tryOrReport(
      diagnostics,
      KEY,
      NOT_COUNTED,
      () => new LimiterCall(this, request as RequestLike),
    );
  }

  infoOf(request: RequestLike): unknown {
    return request[this.#property];
  }

  /** Records the hit of a request that was over the limit. */
  recordHit({ limit, current }: LimitInfo, unit: LimitedUnit | undefined): void {
    if (!(current > limit) || (limit === 0 && this.#hasZeroAsNone)) return;
    const name = this.#identifier ?? policyName(limit, this.#windowMs);
    this.#deps.rateLimits().recordHit(name, unit);
  }

  tryOrReport(work: () => void): void {
    tryOrReport(this.#deps.diagnostics, KEY, NOT_COUNTED, work);
  }
}

/** A request that passes through a limiter. */
class LimiterCall {
  readonly #limiter: Limiter;
  readonly #request: RequestLike;
  readonly #unit: LimitedUnit | undefined;
  /** What an earlier limiter has left: another object. */
  readonly #earlier: unknown;
  #isDone = false;

  constructor(limiter: Limiter, request: RequestLike) {
    this.#limiter = limiter;
    this.#request = request;
    this.#earlier = limiter.infoOf(request);
    this.#unit = limitedUnitOf(request);
    // A handler may respond, and then wait for something else.
    this.#unit?.onEnded(() => this.check());
  }

  /** Returns a function that calls `next`, and notes if the request is passed on. */
  allowing(next: Next): Next {
    return copyFunctionProperties((...args: unknown[]) => {
      const [error] = args;
      if (!error || error === "route" || error === "router") this.#isDone = true;
      return next(...args);
    }, next);
  }

  /** Records a hit, once, if the limiter has rejected the request. Never throws. */
  check(): void {
    if (this.#isDone) return;
    this.#limiter.tryOrReport(() => {
      const info = this.#limiter.infoOf(this.#request);
      if (info === this.#earlier || typeof info !== "object" || info === null) return;
      this.#isDone = true;
      this.#limiter.recordHit(info as LimitInfo, this.#unit);
    });
  }
}
