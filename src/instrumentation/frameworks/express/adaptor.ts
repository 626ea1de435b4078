import type { IncomingMessage } from "node:http";
import { recordRequestError, routeRecorderOf } from "../../../context/unit-access.ts";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { joinPattern, patternText } from "../../../context/route-pattern.ts";
import { trimEndOf } from "../../../text.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
} from "../../loading/replace-method.ts";
import { tryOrReport } from "../../loading/try-or-report.ts";
import {
  type MiddlewareSpan,
  type MiddlewareSpans,
  createMiddlewareSpans,
  functionName,
} from "../middleware-spans.ts";
import { PathAlternatives, type LayerLike, type LayerOptions } from "./path-alternatives.ts";

/**
 * Records the pattern of the route and the error that becomes the response, for
 * Express 4 and 5 (with its package `router`). Middleware is not patched. A mount
 * with a path and the matched route cost some nanoseconds each.
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    const patch = patches[`${file.package}/${file.file}`];
    if (patch !== undefined) return patch(exports as Exports, deps);
    return file.isMain ? patchMain(exports as Exports, file, deps) : exports;
  },
};

type Exports = Method & { readonly prototype: object };
type Patch = (exports: Exports, deps: AdaptorDeps) => unknown;

const patches: Readonly<Record<string, Patch>> = {
  "express/lib/router/index.js": patchRouter4,
  "express/lib/router/route.js": patchRoute,
  "express/lib/router/layer.js": patchLayer,
  "router/lib/route.js": patchRoute,
  "router/lib/layer.js": patchLayer,
};

function patchMain(exports: Exports, file: LoadedFile, deps: AdaptorDeps): unknown {
  if (file.package === "finalhandler") return wrapFinalHandler(exports);
  patchRouter(exports.prototype, deps);
  return exports;
}

/** Patches the exported function of Express 4, which is the prototype of each router. */
function patchRouter4(exports: Exports, deps: AdaptorDeps): unknown {
  patchRouter(exports, deps);
  return exports;
}

type Request = IncomingMessage & { readonly baseUrl?: string; readonly route?: RouteLike };
type Next = (error?: unknown) => void;

interface RouterLike {
  readonly stack: LayerLike[];
  readonly caseSensitive?: boolean;
  readonly strict?: boolean;
}

/** Prepares patterns when routes are registered; requests only look them up. */
function patchRouter(prototype: object, { diagnostics }: AdaptorDeps): void {
  const prepare = (work: () => void): void => {
    tryOrReport(diagnostics, "express.route", "some Express routes could not be recorded", work);
  };
  replaceMethod<RouterLike, unknown[]>(prototype, "use", (original) => {
    return function use(...args) {
      const before = this.stack?.length;
      const result = Reflect.apply(original, this, args);
      prepare(() => recordMounts(this, before, args[0]));
      return result;
    };
  });
  replaceMethod<RouterLike, unknown[]>(prototype, "route", (original) => {
    return function route(...args) {
      const result = Reflect.apply(original, this, args);
      prepare(() => storeAlternatives(this, result as RouteLike, args[0]));
      return result;
    };
  });
}

/** Records the pattern of all layers that `router.use(path, …)` added. */
function recordMounts(router: RouterLike, from: number, path: unknown): void {
  const pattern = mountPattern(path);
  if (pattern === undefined) return;
  const options = { sensitive: router.caseSensitive, strict: false, end: false };
  for (const layer of router.stack.slice(from)) recordMount(layer, path, pattern, options);
}

/** Returns the pattern of a mount; undefined for `use(middleware)` and `use("/", …)`. */
function mountPattern(path: unknown): string | undefined {
  let first = path;
  while (Array.isArray(first) && first.length > 0) first = first[0] as unknown;
  if (typeof first === "function") return undefined;
  const pattern = mountPatternText(path);
  return pattern === "" ? undefined : pattern;
}

/** Omits a trailing slash, which belongs to the path below the mount. */
function mountPatternText(path: unknown): string | undefined {
  return patternText(typeof path === "string" ? trimEndOf(path, "/") : path);
}

/**
 * Sets `mountPath` of the unit of work while the layer handles a request. It
 * overrides the layer's own method and leaves `layer.handle` unchanged, which
 * tools read to list the routes of an app.
 */
function recordMount(
  layer: LayerLike,
  path: unknown,
  pattern: string,
  options: LayerOptions,
): void {
  const name = layer.handleRequest === undefined ? "handle_request" : "handleRequest";
  const prototype = Object.getPrototypeOf(layer) as Record<typeof name, HandleRequest>;
  const alternatives = Array.isArray(path) ? new PathAlternatives(layer, path, options) : undefined;
  const joined = new JoinedPattern(pattern);

  function handleRequest(this: LayerLike, request: Request, response: object, next: Next): unknown {
    const unit = routeRecorderOf(request);
    if (unit === undefined) return prototype[name].call(this, request, response, next);
    const outer = unit.mountPath;
    const chosen = mountPatternText(alternatives?.findSuffixMatch(request.baseUrl));
    unit.mountPath = chosen === undefined ? joined.joinTo(outer) : outer + chosen;
    return prototype[name].call(this, request, response, (error) => {
      if (error !== undefined && error !== null) recordRoute(unit, request);
      unit.mountPath = outer;
      next(error);
    });
  }

  const descriptor = { configurable: true, enumerable: false, writable: true };
  Object.defineProperty(layer, name, {
    ...descriptor,
    value: copyFunctionProperties(handleRequest, prototype[name]),
  });
}

type HandleRequest = (this: LayerLike, request: Request, response: object, next: Next) => unknown;

/**
 * A pattern below a prefix that hardly ever changes. It returns the same string
 * each time, so that the metrics' lookup does not hash it again.
 */
class JoinedPattern {
  readonly #pattern: string;
  #prefix: string | undefined = undefined;
  #whole = "";

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  joinTo(prefix: string): string {
    if (prefix !== this.#prefix) {
      this.#whole = joinPattern(prefix, this.#pattern);
      this.#prefix = prefix;
    }
    return this.#whole;
  }
}

interface RouteLike {
  readonly path: unknown;
  /** Data of this adaptor on a route. */
  [PATTERN]?: JoinedPattern;
  [ALTERNATIVES]?: PathAlternatives;
}

const PATTERN: unique symbol = Symbol("telltale.pattern");
const ALTERNATIVES: unique symbol = Symbol("telltale.alternatives");

/**
 * Stores the paths of a route with several of them; the one that matched is
 * determined per request.
 */
function storeAlternatives(router: RouterLike, route: RouteLike, path: unknown): void {
  const layer = router.stack.at(-1);
  if (!Array.isArray(path) || layer === undefined) return;
  const options = { sensitive: router.caseSensitive, strict: router.strict, end: true };
  Object.defineProperty(route, ALTERNATIVES, { value: new PathAlternatives(layer, path, options) });
}

/** Records the route when it starts to run, since the mount path is known only then. */
function patchRoute(exports: Exports): unknown {
  replaceMethod<RouteLike, [Request, object, Next]>(exports.prototype, "dispatch", (original) => {
    return function dispatch(request, response, done) {
      const unit = routeRecorderOf(request);
      if (unit !== undefined) unit.route = routePattern(this, unit.mountPath, request);
      return original.call(this, request, response, done);
    };
  });
  return exports;
}

function routePattern(route: RouteLike, mount: string, request: Request): string | undefined {
  const chosen = patternText(route[ALTERNATIVES]?.findMatch(request.url));
  if (chosen !== undefined) return joinPattern(mount, chosen);
  return (route[PATTERN] ?? storePattern(route)).joinTo(mount);
}

/** Stores the pattern in a non-enumerable property, so that printed routes look the same. */
function storePattern(route: RouteLike): JoinedPattern {
  const value = new JoinedPattern(patternText(route.path) ?? "");
  Object.defineProperty(route, PATTERN, { value });
  return value;
}

/** Records the route of an error in `router.param`, before the route runs. */
function recordRoute(unit: RouteRecorder, request: Request): void {
  if (unit.route !== undefined || typeof request.route !== "object") return;
  unit.route = routePattern(request.route, unit.mountPath, request);
}

/** Records errors in layers, which Express calls only while it passes an error to its handlers. */
function patchLayer(exports: Exports, deps: AdaptorDeps): unknown {
  const { prototype } = exports;
  const spans = createMiddlewareSpans("express", deps);
  if (spans !== undefined) addMiddlewareSpans(prototype, spans);
  const name = "handleError" in prototype ? "handleError" : "handle_error";
  replaceMethod<LayerLike, [unknown, Request, object, Next]>(prototype, name, (original) => {
    return function handleError(error, request, response, next) {
      recordRequestError(request, error);
      return original.call(this, error, request, response, next);
    };
  });
  return exports;
}

/**
 * Adds a span to each handler, except for those that only delegate: routers,
 * mounted apps, routes.
 */
function addMiddlewareSpans(prototype: object, spans: MiddlewareSpans): void {
  const name = "handleRequest" in prototype ? "handleRequest" : "handle_request";
  replaceMethod<LayerLike, [Request, object, Next]>(prototype, name, (original) => {
    return function handleRequest(request, response, next) {
      const span = startSpan(this, spans);
      if (span === undefined) return original.call(this, request, response, next);
      return span.run(() =>
        original.call(this, request, response, (error) => {
          span.continueWith(() => next(error), error);
        }),
      );
    };
  });
}

function startSpan(layer: LayerLike, spans: MiddlewareSpans): MiddlewareSpan | undefined {
  const { handle } = layer;
  // An error handler with four parameters, which Express skips now.
  if (handle === undefined || handle.length > 3) return undefined;
  // Layers within a route have no `route` field.
  if (!("route" in layer)) return spans.start("request handler", "request_handler");
  const delegates = layer.route !== undefined || "stack" in handle || handle.name === "mounted_app";
  return delegates ? undefined : spans.start("middleware", "middleware", functionName(handle));
}

/** Records errors without an error handler of the app, or that its last one passes on. */
function wrapFinalHandler(exports: Exports): unknown {
  function finalhandler(request: Request, response: object, options: unknown): unknown {
    const respond = exports(request, response, options);
    const unit = routeRecorderOf(request);
    if (unit === undefined || typeof respond !== "function") return respond;
    return (error: unknown) => {
      if (error) unit.recordError(error);
      return (respond as Next)(error);
    };
  }
  return copyFunctionProperties(finalhandler, exports);
}
