import type { Span, Tracer } from "@opentelemetry/api";
import { ROOT, suppressed } from "../context/context.ts";
import type { Holder } from "../context/holder.ts";
import { activeHolder } from "../context/manager.ts";
import { joinPattern } from "../context/route-pattern.ts";
import { propertyOf } from "../property.ts";
import type { Adaptor, LoadedFile, Services } from "./adaptor.ts";
import { disguise, type Method, replaceMethod, withExports } from "./method.ts";

/**
 * Next 15 and 16, both routers. Next makes spans itself, by the tracer
 * `next.js` of `@opentelemetry/api`: one more for each request, and some twenty
 * for what it does meanwhile. The first is our server span and not made again,
 * the others are spans of middleware: made on request only.
 *
 * A request is told its route and the error that Next answers, as an app would
 * hear of it by `onRequestError`.
 * https://nextjs.org/docs/app/guides/open-telemetry
 * https://nextjs.org/docs/app/api-reference/file-conventions/instrumentation
 */
export const adaptor: Adaptor = {
  patch(exports, file, services) {
    return patches[file.file]?.(exports as Exports, services, file) ?? exports;
  },
};

type Exports = Readonly<Record<string, unknown>>;
type Patch = (exports: Exports, services: Services, file: LoadedFile) => unknown;

const patches: Readonly<Record<string, Patch>> = {
  "dist/server/lib/trace/tracer.js": patchTracer,
  "dist/server/base-server.js": patchServer,
  "dist/server/lib/router-utils/instrumentation-globals.external.js": replaceGlobals,
};

/** What Next calls its spans, whatever their names are. */
const REQUEST = "BaseServer.handleRequest";
/** Below it is a span of ours, which `fetch` has anyway. */
const FETCH = "AppRender.fetch";

type Work = (span?: Span, done?: (error?: unknown) => void) => unknown;
type TraceArgs = [type: string, optionsOrWork: unknown, work?: unknown];

/** The class is not exported, but its one instance is. */
function patchTracer(exports: Exports, services: Services): void {
  const { getTracer } = exports as { readonly getTracer: () => object };
  const prototype = Object.getPrototypeOf(getTracer()) as object;
  const isAsked = services.options["middlewareSpans"] === true;
  replaceMethod<unknown, TraceArgs>(prototype, "trace", (original) => {
    return function trace(...args) {
      const [type, options, work] = args;
      if (isInDevelopment() || (isAsked && isShown(type))) {
        return Reflect.apply(original, this, args);
      }
      // As Next itself does it where nothing is traced.
      return ((typeof options === "function" ? options : work) as Work)();
    };
  });
  replaceMethod<unknown, [string, unknown]>(prototype, "setRootSpanAttribute", (original) => {
    return function setRootSpanAttribute(...args) {
      if (args[0] === "next.route") noteRoute(args[1]);
      return Reflect.apply(original, this, args);
    };
  });
  keepRequest(prototype);
  if (!isAsked && "isOpenTelemetryEnabled" in prototype) {
    replaceMethod(prototype, "isOpenTelemetryEnabled", () => () => false);
  }
  const none = noSpan(services);
  if ("withSpan" in prototype) keepSpan(prototype, none);
  hideTracer(services, none, isAsked);
}

/** What our tracer gives where nothing is to be traced: always the same one. */
function noSpan({ tracerProvider }: Services): Span {
  return tracerProvider.getTracer("next.js").startSpan("", {}, suppressed(ROOT));
}

/** `next dev` keeps records of its own of what it does, by the same calls. */
function isInDevelopment(): boolean {
  return Symbol.for("@next/local-span-recorder") in globalThis;
}

function isShown(type: string): boolean {
  return type !== REQUEST && type !== FETCH && activeHolder() !== undefined;
}

/**
 * The request that comes in is already the active one: its headers are not read
 * again, nor written to, which Next does to find the request again after its
 * middleware.
 */
function keepRequest(prototype: object): void {
  replaceMethod<unknown, [unknown, Work]>(prototype, "withPropagatedContext", (original) => {
    return function withPropagatedContext(...args) {
      return activeHolder() === undefined ? Reflect.apply(original, this, args) : args[1]();
    };
  });
  for (const name of ["getActiveScopeSpan", "getTraceContextHeaders"]) {
    if (!(name in prototype)) continue;
    replaceMethod(prototype, name, (original) => {
      return function (...args) {
        return activeHolder() === undefined ? Reflect.apply(original, this, args) : undefined;
      };
    });
  }
}

/** What runs in no span of Next's runs in the one around it. */
function keepSpan(prototype: object, none: Span): void {
  replaceMethod<unknown, [unknown, Work]>(prototype, "withSpan", (original) => {
    return function withSpan(...args) {
      const [span, work] = args;
      return span === undefined || span === none ? work() : Reflect.apply(original, this, args);
    };
  });
}

/** Copies of Next's tracer are in what Next builds; they all get theirs here. */
function hideTracer({ tracerProvider }: Services, none: Span, isAsked: boolean): void {
  if (Object.hasOwn(tracerProvider, "getTracer")) return;
  const nothing = new HiddenTracer(none);
  replaceMethod<unknown, [string]>(tracerProvider, "getTracer", (original) => {
    return function getTracer(...args) {
      const tracer = Reflect.apply(original, this, args) as Tracer;
      if (args[0] !== "next.js") return tracer;
      return isAsked ? new ShownTracer(tracer, nothing) : nothing;
    };
  });
}

type Start = (...args: Parameters<Tracer["startSpan"]>) => Span;
type ActiveArgs = [string, ...unknown[]];

/** Makes no spans, and changes nothing for what runs in one. */
class HiddenTracer implements Tracer {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  startSpan(): Span {
    return this.#span;
  }

  startActiveSpan(...args: ActiveArgs): never {
    return (args.at(-1) as Work)(this.#span) as never;
  }
}

/** Spans within requests, but for the request itself and calls, which have theirs. */
class ShownTracer implements Tracer {
  readonly #tracer: Tracer;
  readonly #nothing: HiddenTracer;

  constructor(tracer: Tracer, nothing: HiddenTracer) {
    this.#tracer = tracer;
    this.#nothing = nothing;
  }

  startSpan: Start = (...args) => {
    return this.#choose(args[1]).startSpan(...args);
  };

  startActiveSpan(...args: ActiveArgs): never {
    const tracer = this.#choose(args.length > 2 ? args[1] : undefined);
    return (tracer.startActiveSpan as (...args: ActiveArgs) => never).apply(tracer, args);
  }

  #choose(options: unknown): Tracer {
    const { kind = 0 } = (options ?? {}) as { readonly kind?: number };
    return kind === 0 && activeHolder() !== undefined ? this.#tracer : this.#nothing;
  }
}

/** What Next answers with where nothing of the app's is asked for. */
const ownPages: ReadonlySet<unknown> = new Set([
  "/_not-found",
  "/_global-error",
  "/_error",
  "/404",
  "/500",
]);

/** Of each request: the `basePath` of its app, as long as Next knows no route. */
const basePaths = new WeakMap<Holder, string>();

/** The first one: then come those of error pages. It wins over that of a custom server around Next. */
function noteRoute(route: unknown): void {
  const holder = activeHolder();
  if (holder === undefined || typeof route !== "string") return;
  const basePath = basePaths.get(holder);
  if (basePath === undefined) return;
  basePaths.delete(holder);
  if (ownPages.has(route)) return;
  holder.route = joinPattern(holder.mount, joinPattern(basePath, route));
}

interface Server {
  readonly nextConfig?: { readonly basePath?: unknown };
}

function patchServer(exports: Exports): void {
  const { prototype } = exports["default"] as { readonly prototype: object };
  replaceMethod<Server, unknown[]>(prototype, "handleRequest", (original) => {
    return function handleRequest(...args) {
      const holder = activeHolder();
      if (holder !== undefined && !seen.has(holder)) {
        seen.add(holder);
        if (holder.span !== undefined) keepAttributes(holder.span);
        const basePath = this.nextConfig?.basePath;
        basePaths.set(holder, typeof basePath === "string" ? basePath : "");
      }
      return Reflect.apply(original, this, args);
    };
  });
  replaceMethod(prototype, "instrumentationOnRequestError", (original) => {
    return function instrumentationOnRequestError(...args) {
      noteError(args[0]);
      return Reflect.apply(original, this, args);
    };
  });
  // What middleware throws comes here only; what the caller did wrong, too.
  replaceMethod<unknown, [Answer, unknown]>(prototype, "renderErrorToResponse", (original) => {
    return function renderErrorToResponse(...args) {
      const [{ res }, error] = args;
      if (error && (res?.statusCode ?? 0) >= 500) noteError(error);
      return Reflect.apply(original, this, args);
    };
  });
}

/**
 * What Next has built, and so no patch of ours reaches, takes the active span
 * for its own and writes the status on it once more, by a name of old.
 */
function keepAttributes(span: Span): void {
  const { setAttributes } = span;
  const value: Span["setAttributes"] = (attributes) =>
    propertyOf(attributes, "next.rsc") === undefined ? setAttributes.call(span, attributes) : span;
  Object.defineProperty(span, "setAttributes", { configurable: true, writable: true, value });
}

interface Answer {
  readonly res?: { readonly statusCode?: number };
}

const seen = new WeakSet<Holder>();

/** Its exports can't be assigned. */
function replaceGlobals(exports: Exports): unknown {
  const name = "instrumentationOnRequestError";
  const original = exports[name] as Method;
  function instrumentationOnRequestError(this: unknown, ...args: unknown[]): unknown {
    // After the directories of the project and of what was built.
    noteError(args[2]);
    return Reflect.apply(original, this, args);
  }
  const value = disguise(instrumentationOnRequestError, original);
  return withExports(exports, { [name]: value });
}

/** Whatever the status: that of a page may be out before all of it is rendered. */
function noteError(error: unknown): void {
  const holder = activeHolder();
  if (holder === undefined) return;
  holder.noteError(error);
  if (holder.failures === undefined) holder.noteFailure(error);
}
