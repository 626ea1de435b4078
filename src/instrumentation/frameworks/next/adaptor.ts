import type { Span } from "@opentelemetry/api";
import type { RouteRecorder } from "../../../context/unit-views.ts";
import { activeFailureRecorder, activeRouteRecorder } from "../../../context/unit-access.ts";
import { isErrorObject } from "../../../context/thrown.ts";
import { propertyOf } from "../../../property.ts";
import type { Adaptor, LoadedFile, AdaptorDeps } from "../../loading/adaptor.ts";
import {
  copyFunctionProperties,
  type Method,
  replaceMethod,
  replaceExports,
} from "../../loading/replace-method.ts";
import { basePaths } from "./routes.ts";
import { patchTracer } from "./tracer.ts";

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
  replaceMethod<unknown, unknown[]>(prototype, "logError", (original) => {
    return function logError(...args) {
      replaceThrown(args[0]);
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
 * Replaces a recorded value that is no error by the error that Next has made of it and logs, since
 * the logged error is reported, too.
 */
function replaceThrown(logged: unknown): void {
  const unit = activeFailureRecorder();
  if (unit === undefined || !isErrorObject(logged)) return;
  const replace = (one: unknown): unknown =>
    one === undefined || isErrorObject(one) ? one : logged;
  unit.error = replace(unit.error);
  unit.originalError = replace(unit.originalError);
  unit.failures = unit.failures?.map(replace);
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
