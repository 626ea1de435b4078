import type { Span, Tracer } from "@opentelemetry/api";
import { ROOT_CONTEXT, suppressTracing } from "../../../context/context.ts";
import { activeRouteRecorder } from "../../../context/unit-access.ts";
import type { AdaptorDeps } from "../../loading/adaptor.ts";
import { replaceMethod } from "../../loading/replace-method.ts";
import { recordRoute } from "./routes.ts";

/** Type of Next's request span, independent of its name. */
const REQUEST = "BaseServer.handleRequest";
/** Type of Next's `fetch` span, which has a client span in any case. */
const FETCH = "AppRender.fetch";

type TracedFunction = (span?: Span, done?: (error?: unknown) => void) => unknown;
type TraceArgs = [type: string, optionsOrWork: unknown, work?: unknown];

/** Patches the tracer's class at its only instance, because the class is not exported. */
export function patchTracer(exports: object, deps: AdaptorDeps): void {
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
