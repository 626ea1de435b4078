import { limitedUnitOf } from "../../../context/unit-access.ts";
import type { Adaptor, AdaptorDeps } from "../../loading/adaptor.ts";
import { copyFunctionProperties } from "../../loading/replace-method.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import { policyName } from "../policy-name.ts";

/**
 * Records what `@fastify/rate-limit` 9 to 11 rejects. The plugin calls `onExceeded`
 * for it: that of its settings, or of a route or handler with one of its own. It gets
 * copies of these options, with a function that records the hit and then calls the
 * app's.
 */
export const adaptor: Adaptor = {
  patch(exports, _file, deps) {
    const plugin = exports as Plugin;
    const hits = new Hits(deps);
    function rateLimit(this: unknown, ...args: unknown[]): unknown {
      const [instance, settings, ...rest] = args;
      return Reflect.apply(plugin, this, [
        recordingInstance(instance as Instance, hits),
        hits.recordingSettings(settings),
        ...rest,
      ]);
    }
    const replacement = copyFunctionProperties(rateLimit, plugin) as Plugin;
    for (const name of ["default", "fastifyRateLimit"] as const) {
      if (plugin[name] === plugin) replacement[name] = replacement;
    }
    return replacement;
  },
};

interface Plugin {
  (this: unknown, ...args: unknown[]): unknown;
  default?: unknown;
  fastifyRateLimit?: unknown;
}

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

interface Instance {
  readonly addHook: AnyFunction;
  readonly decorate: AnyFunction;
}

/** Parameters of a limiter: the settings, and those of a route or handler. */
interface Params {
  readonly max?: unknown;
  readonly timeWindow?: unknown;
  readonly groupId?: unknown;
}

interface RequestLike {
  readonly raw?: unknown;
  readonly routeOptions?: { readonly config?: RouteConfig };
}

interface RouteConfig {
  readonly rateLimit?: unknown;
}

interface RouteOptions {
  config?: RouteConfig;
}

interface LimitResult extends Params {
  readonly isExceeded?: unknown;
}

type Check = (request: RequestLike, options?: { readonly increment?: unknown }) => unknown;

const KEY = "instrumentation.fastify-rate-limit";
const NOT_COUNTED = "hits of @fastify/rate-limit are counted without a name";
/** Name of a limiter whose limit is a function of the request. */
const UNNAMED = "@fastify/rate-limit";

/** Records hits by the name of their limiter: its group, else its limit. */
class Hits {
  readonly #deps: AdaptorDeps;

  constructor(deps: AdaptorDeps) {
    this.#deps = deps;
  }

  /** Returns the settings of the plugin with a recording `onExceeded`; the plugin reads, and may write, their properties. */
  recordingSettings(settings: unknown): unknown {
    if (!isObject(settings)) return settings;
    const { onExceeded } = settings as { readonly onExceeded?: unknown };
    const value = this.recording(onExceeded);
    return Object.create(settings, { onExceeded: { value, writable: true } }) as object;
  }

  /** Returns options of a route or handler, recording if they have an `onExceeded` of their own. */
  recordingOptions(options: unknown): unknown {
    if (!isObject(options) || !Object.hasOwn(options, "onExceeded")) return options;
    const copy = { ...options } as { onExceeded?: unknown };
    if (typeof copy.onExceeded !== "function") return options;
    return { ...copy, onExceeded: this.recording(copy.onExceeded) };
  }

  /** Returns an `onExceeded`, which the plugin calls as a method of the parameters. */
  recording(original: unknown): AnyFunction {
    const record = (params: Params, request: RequestLike): void => this.record(params, request);
    return function onExceeded(this: unknown, ...args: unknown[]) {
      record(this as Params, args[0] as RequestLike);
      return typeof original === "function"
        ? (Reflect.apply(original, this, args) as unknown)
        : undefined;
    };
  }

  /** Never throws. */
  record(params: Params, { raw }: RequestLike): void {
    tryOrReport(this.#deps.diagnostics, KEY, NOT_COUNTED, () => {
      const unit = isObject(raw) ? limitedUnitOf(raw) : undefined;
      this.#deps.rateLimits().recordHit(nameOf(params), unit);
    });
  }
}

function nameOf({ groupId, max, timeWindow }: Params): string {
  if (typeof groupId === "string" && groupId !== "") return groupId;
  const isKnown = typeof max === "number" && typeof timeWindow === "number";
  return isKnown ? policyName(max, timeWindow) : UNNAMED;
}

/** Returns the instance as the plugin sees it, which records the hits of the limiters that it adds. */
function recordingInstance(instance: Instance, hits: Hits): object {
  const forwarding = (method: "addHook" | "decorate", wrap: typeof recordingHook): object => ({
    value: (name: unknown, value: unknown, ...rest: unknown[]) => {
      const isFunction = typeof value === "function";
      const recording = isFunction ? wrap(name, value as AnyFunction, hits) : value;
      return Reflect.apply(instance[method], instance, [name, recording, ...rest]);
    },
  });
  return Object.create(instance, {
    addHook: forwarding("addHook", recordingHook),
    decorate: forwarding("decorate", recordingDecorator),
  }) as object;
}

/** Returns the hook that adds a limiter to a route; it copies the options of the route at once. */
function recordingHook(name: unknown, hook: AnyFunction, hits: Hits): AnyFunction {
  if (name !== "onRoute") return hook;
  return copyFunctionProperties(function (this: unknown, ...args: unknown[]) {
    const route = args[0] as RouteOptions;
    const { config } = route;
    if (!isObject(config?.rateLimit)) return Reflect.apply(hook, this, args);
    route.config = { ...config, rateLimit: hits.recordingOptions(config.rateLimit) };
    try {
      return Reflect.apply(hook, this, args);
    } finally {
      route.config = config;
    }
  }, hook);
}

/** Returns `rateLimit(options)` or `createRateLimit(options)` of the instance. */
function recordingDecorator(name: unknown, decorator: AnyFunction, hits: Hits): AnyFunction {
  if (name !== "rateLimit" && name !== "createRateLimit") return decorator;
  return copyFunctionProperties(function (this: unknown, ...args: unknown[]) {
    const [options, ...rest] = args;
    const limiter = Reflect.apply(decorator, this, [hits.recordingOptions(options), ...rest]);
    return name === "rateLimit" ? limiter : recordingCheck(limiter as Check, hits);
  }, decorator);
}

/** Records the results of a check that the app responds to by itself. */
function recordingCheck(check: Check, hits: Hits): Check {
  return copyFunctionProperties(function (this: unknown, ...args: Parameters<Check>) {
    const [request, options] = args;
    const result = Reflect.apply(check, this, args);
    if (!(result instanceof Promise) || options?.increment === false) return result;
    return result.then((found: LimitResult) => {
      if (found.isExceeded === true) hits.record({ ...found, ...groupOf(request) }, request);
      return found;
    });
  }, check);
}

function groupOf({ routeOptions }: RequestLike): Params {
  const rateLimit = routeOptions?.config?.rateLimit;
  return isObject(rateLimit) ? { groupId: (rateLimit as Params).groupId } : {};
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
