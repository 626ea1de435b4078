import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import { withoutMeterProvider } from "../../register-api.ts";
import type { Adaptor, AdaptorDeps } from "../loading/adaptor.ts";
import { bindFunctions } from "../loading/caller-context.ts";
import { withSanitizedErrors } from "./sanitize-errors.ts";
import { overrideProperty, copyFunctionProperties } from "../loading/replace-method.ts";
import { type AnyFunction, withOriginalFallback } from "./original-fallback.ts";
import { runRequireHooks } from "./require-hook.ts";

/** The part of upstream's `Instrumentation` that an adaptor needs. */
export interface InstrumentationLike {
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
  setLoggerProvider?(provider: LoggerProvider): void;
}

/**
 * Creates an adaptor from an OpenTelemetry instrumentation. It patches as it would
 * with `require-in-the-middle`, which is `require-hook.ts` in the bundle.
 *
 * @param create creates the instrumentation when the library is first loaded, with
 * its options from the environment
 * @param callbackMethods methods whose callback upstream does not bind to its
 * caller, though it runs later, when a resource is free or a response arrives
 */
export function upstreamAdaptor(
  create: (options: AdaptorDeps["options"], deps: AdaptorDeps) => InstrumentationLike,
  callbackMethods: readonly string[] = [],
): Adaptor {
  let isCreated = false;
  return {
    patch(exports, file, deps) {
      if (!isCreated) {
        connectInstrumentation(
          withoutMeterProvider(() => create(deps.options, deps)),
          deps,
          callbackMethods,
        );
        isCreated = true;
      }
      const name = file.isMain ? file.package : `${file.package}/${file.file}`;
      return withOriginalIdentity(
        runRequireHooks(exports, name, file.directory || undefined),
        exports,
      );
    },
  };
}

/** Makes the replacement of a function or class look like the original. */
function withOriginalIdentity(patched: unknown, exports: unknown): unknown {
  if (patched === exports || !isFunction(patched) || !isFunction(exports)) return patched;
  copyFunctionProperties(patched, exports);
  const prototype = Object.getOwnPropertyDescriptor(exports, "prototype");
  if (prototype === undefined) return patched;
  Object.defineProperty(patched, "prototype", prototype);
  const { constructor } = prototype.value as { readonly constructor?: unknown };
  if (constructor === exports) overrideProperty(prototype.value as object, "constructor", patched);
  return patched;
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}

/**
 * Passes the providers to an instrumentation and patches on its behalf, so that
 * patches can be rolled back and patched functions look like the originals.
 * Upstream's symbols on its functions, which the app would see, are stored in a
 * WeakMap instead.
 */
export function connectInstrumentation(
  instrumentation: InstrumentationLike,
  deps: AdaptorDeps,
  callbackMethods: readonly string[] = [],
): void {
  instrumentation.setTracerProvider(withSanitizedErrors(deps.tracerProvider));
  instrumentation.setMeterProvider(deps.meterProvider);
  instrumentation.setLoggerProvider?.(deps.loggerProvider);
  const patcher = instrumentation as Partial<PatchingInstrumentation>;
  if (patcher._wrap === undefined) return;
  const originals = new WeakMap<AnyFunction, AnyFunction>();
  patcher._wrap = (target, name, wrapper) => {
    const current = target[name];
    // Upstream would log an error.
    if (!isFunction(current)) return undefined;
    // Wraps the original if the method is patched already.
    const original = originals.get(current) ?? current;
    const wrapped = withOriginalFallback(original, (observed) => wrapper(observed, name));
    const outer = callbackMethods.includes(name) ? withBoundArguments(wrapped) : wrapped;
    const replacement = copyFunctionProperties(outer, original);
    originals.set(replacement, original);
    overrideProperty(target, name, replacement);
    return replacement;
  };
}

/** Patching method of upstream's `InstrumentationBase`; protected in its types. */
interface PatchingInstrumentation {
  _wrap(
    target: Record<string, unknown>,
    name: string,
    wrapper: (original: AnyFunction, name: string) => AnyFunction,
  ): unknown;
}

function withBoundArguments(method: AnyFunction): AnyFunction {
  return function (...args) {
    return Reflect.apply(method, this, bindFunctions(args));
  };
}
