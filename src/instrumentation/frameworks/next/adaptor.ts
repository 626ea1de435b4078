import type { Span, Tracer } from "@opentelemetry/api";
import { ROOT_CONTEXT, suppressTracing } from "../../../context/context.ts";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeRouteRecorder } from "../../../context/unit-access.ts";
import { joinPattern } from "../../../context/route-pattern.ts";
import { propertyOf } from "../../../property.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
  replaceExports,
} from "../../loading/replace-method.ts";

/**
 * Records routes and errors of Next 15 and 16, with both routers. Next creates
 * spans itself, with the tracer `next.js` of `@opentelemetry/api`: one for each
 * request, which is redundant next to the server span and dropped, and some twenty
 * for its internal steps, which are created only if middleware spans are enabled.
 *
 * Records the same errors that an app receives in `onRequestError`.
 * https://nextjs.org/docs/app/guides/open-telemetry
 * https://nextjs.org/docs/app/api-reference/file-conventions/instrumentation
 */
export const adaptor: Adaptor = {
  patch(exports, file, deps) {
    return patches[file.file]?.(exports as Exports, deps, file) ?? exports;
  },
};

type Exports = Readonly<Record<string, unknown>>;
type Patch = (exports: Exports, deps: AdaptorDeps, file: LoadedFile) => unknown;

const patches: Readonly<Record<string, Patch>> = {
  "dist/server/lib/trace/tracer.js": patchTracer,
  "dist/server/base-server.js": patchServer,
  "dist/server/lib/router-utils/instrumentation-globals.external.js": wrapGlobals,
};

/** Type of Next's request span, independent of its name. */
const REQUEST = "BaseServer.handleRequest";
/** Type of Next's `fetch` span, which has a client span in any case. */
const FETCH = "AppRender.fetch";

type TracedFunction = (span?: Span, done?: (error?: unknown) => void) => unknown;
type TraceArgs = [type: string, optionsOrWork: unknown, work?: unknown];

/** Patches the tracer's class at its only instance, because the class is not exported. */
function patchTracer(exports: Exports, deps: AdaptorDeps): void {
  const { getTracer } = exports as { readonly getTracer: () => object };
  const prototype = Object.getPrototypeOf(getTracer()) as object;
  const hasMiddlewareSpans = deps.options["middlewareSpans"] === true;
  replaceMethod<unknown, TraceArgs>(prototype, "trace", (original) => {
    return function trace(...args) {
      const [type, options, work] = args;
      if (isInDevelopment() || (hasMiddlewareSpans && isVisibleSpan(type))) {
        return Reflect.apply(original, this, args);
      }
      // Next does the same when tracing is disabled.
      return ((typeof options === "function" ? options : work) as TracedFunction)();
    };
  });
  replaceMethod<unknown, [string, unknown]>(prototype, "setRootSpanAttribute", (original) => {
    return function setRootSpanAttribute(...args) {
      if (args[0] === "next.route") recordRoute(args[1]);
      return Reflect.apply(original, this, args);
    };
  });
  keepActiveRequest(prototype);
  if (!hasMiddlewareSpans && "isOpenTelemetryEnabled" in prototype) {
    replaceMethod(prototype, "isOpenTelemetryEnabled", () => () => false);
  }
  const emptySpan = nonRecordingSpan(deps);
  if ("withSpan" in prototype) skipEmptySpans(prototype, emptySpan);
  filterTracer(deps, emptySpan, hasMiddlewareSpans);
}

/** Returns the non-recording span of the tracer, which is always the same object. */
function nonRecordingSpan({ tracerProvider }: AdaptorDeps): Span {
  return tracerProvider.getTracer("next.js").startSpan("", {}, suppressTracing(ROOT_CONTEXT));
}

/** Whether `next dev` is running, which records its own steps with the same calls. */
function isInDevelopment(): boolean {
  return Symbol.for("@next/local-span-recorder") in globalThis;
}

function isVisibleSpan(type: string): boolean {
  return type !== REQUEST && type !== FETCH && activeRouteRecorder() !== undefined;
}

/**
 * Keeps the active request. Next extracts the context of a request from its
 * headers again, and adds headers to find the request after its middleware.
 */
function keepActiveRequest(prototype: object): void {
  replaceMethod<unknown, [unknown, TracedFunction]>(
    prototype,
    "withPropagatedContext",
    (original) => {
      return function withPropagatedContext(...args) {
        return activeRouteRecorder() === undefined
          ? Reflect.apply(original, this, args)
          : args[1]();
      };
    },
  );
  for (const name of ["getActiveScopeSpan", "getTraceContextHeaders"]) {
    if (!(name in prototype)) continue;
    replaceMethod(prototype, name, (original) => {
      return function (...args) {
        return activeRouteRecorder() === undefined
          ? Reflect.apply(original, this, args)
          : undefined;
      };
    });
  }
}

/** Runs functions without a span in the enclosing span. */
function skipEmptySpans(prototype: object, emptySpan: Span): void {
  replaceMethod<unknown, [unknown, TracedFunction]>(prototype, "withSpan", (original) => {
    return function withSpan(...args) {
      const [span, work] = args;
      return span === undefined || span === emptySpan
        ? work()
        : Reflect.apply(original, this, args);
    };
  });
}

/**
 * Filters spans at the provider, because the files that Next builds contain copies
 * of its tracer.
 */
function filterTracer(
  { tracerProvider }: AdaptorDeps,
  emptySpan: Span,
  hasMiddlewareSpans: boolean,
): void {
  if (Object.hasOwn(tracerProvider, "getTracer")) return;
  const nonRecording = new NonRecordingTracer(emptySpan);
  replaceMethod<unknown, [string]>(tracerProvider, "getTracer", (original) => {
    return function getTracer(...args) {
      const tracer = Reflect.apply(original, this, args) as Tracer;
      if (args[0] !== "next.js") return tracer;
      return hasMiddlewareSpans ? new FilteringTracer(tracer, nonRecording) : nonRecording;
    };
  });
}

type Start = (...args: Parameters<Tracer["startSpan"]>) => Span;
type ActiveArgs = [string, ...unknown[]];

/** Creates no spans and does not change the active one. */
class NonRecordingTracer implements Tracer {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  startSpan(): Span {
    return this.#span;
  }

  startActiveSpan(...args: ActiveArgs): never {
    return (args.at(-1) as TracedFunction)(this.#span) as never;
  }
}

/**
 * Creates spans within requests, except for the request itself and outgoing calls,
 * which have theirs.
 */
class FilteringTracer implements Tracer {
  readonly #tracer: Tracer;
  readonly #nonRecording: NonRecordingTracer;

  constructor(tracer: Tracer, nothing: NonRecordingTracer) {
    this.#tracer = tracer;
    this.#nonRecording = nothing;
  }

  startSpan: Start = (...args) => {
    return this.#tracerFor(args[1]).startSpan(...args);
  };

  startActiveSpan(...args: ActiveArgs): never {
    const tracer = this.#tracerFor(args.length > 2 ? args[1] : undefined);
    return (tracer.startActiveSpan as (...args: ActiveArgs) => never).apply(tracer, args);
  }

  #tracerFor(options: unknown): Tracer {
    const { kind = 0 } = (options ?? {}) as { readonly kind?: number };
    return kind === 0 && activeRouteRecorder() !== undefined ? this.#tracer : this.#nonRecording;
  }
}

/** Pages with which Next responds if no page of the app matches. */
const builtInPages: ReadonlySet<unknown> = new Set([
  "/_not-found",
  "/_global-error",
  "/_error",
  "/404",
  "/500",
]);

/** `basePath` of the app for each request whose route Next has not reported yet. */
const basePaths = new WeakMap<RouteRecorder, string>();

/**
 * Records the first route of a request, because the routes of error pages follow.
 * It replaces the route of a custom server around Next.
 */
function recordRoute(route: unknown): void {
  const unit = activeRouteRecorder();
  if (unit === undefined || typeof route !== "string") return;
  const basePath = basePaths.get(unit);
  if (basePath === undefined) return;
  basePaths.delete(unit);
  if (builtInPages.has(route)) return;
  unit.route = joinPattern(unit.mountPath, joinPattern(basePath, route));
}

interface Server {
  readonly nextConfig?: { readonly basePath?: unknown };
}

function patchServer(exports: Exports): void {
  const { prototype } = exports["default"] as { readonly prototype: object };
  replaceMethod<Server, unknown[]>(prototype, "handleRequest", (original) => {
    return function handleRequest(...args) {
      const unit = activeRouteRecorder();
      if (unit !== undefined && !seenUnits.has(unit)) {
        seenUnits.add(unit);
        if (unit.span !== undefined) ignoreNextAttributes(unit.span);
        const basePath = this.nextConfig?.basePath;
        basePaths.set(unit, typeof basePath === "string" ? basePath : "");
      }
      return Reflect.apply(original, this, args);
    };
  });
  replaceMethod(prototype, "instrumentationOnRequestError", (original) => {
    return function instrumentationOnRequestError(...args) {
      recordError(args[0]);
      return Reflect.apply(original, this, args);
    };
  });
  // Only this method receives errors of middleware; it also receives client errors.
  replaceMethod<unknown, [RenderContext, unknown]>(
    prototype,
    "renderErrorToResponse",
    (original) => {
      return function renderErrorToResponse(...args) {
        const [{ res }, error] = args;
        if (error && (res?.statusCode ?? 0) >= 500) recordError(error);
        return Reflect.apply(original, this, args);
      };
    },
  );
}

/**
 * Ignores attributes with the deprecated name of the status, which compiled code,
 * out of reach of patches, sets on the active span.
 */
function ignoreNextAttributes(span: Span): void {
  const { setAttributes } = span;
  const value: Span["setAttributes"] = (attributes) =>
    propertyOf(attributes, "next.rsc") === undefined ? setAttributes.call(span, attributes) : span;
  Object.defineProperty(span, "setAttributes", { configurable: true, writable: true, value });
}

interface RenderContext {
  readonly res?: { readonly statusCode?: number };
}

const seenUnits = new WeakSet<RouteRecorder>();

/** Replaces the exports, which cannot be assigned. */
function wrapGlobals(exports: Exports): unknown {
  const name = "instrumentationOnRequestError";
  const original = exports[name] as Method;
  function instrumentationOnRequestError(this: unknown, ...args: unknown[]): unknown {
    // The first arguments are the directories of the project and of the build.
    recordError(args[2]);
    return Reflect.apply(original, this, args);
  }
  const value = copyFunctionProperties(instrumentationOnRequestError, original);
  return replaceExports(exports, { [name]: value });
}

/**
 * Records a failure whatever the status, since a page's status may be sent before
 * it is rendered completely.
 */
function recordError(error: unknown): void {
  const unit = activeRouteRecorder();
  if (unit === undefined) return;
  unit.recordError(error);
  if (unit.failures === undefined) unit.recordFailure(error);
}
