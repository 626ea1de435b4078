import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import { withoutMeterProvider } from "../../register-api.ts";
import type { Adaptor, AdaptorDeps } from "../loading/adaptor.ts";
import { bindFunctions } from "../loading/caller-context.ts";
import { withSanitizedErrors } from "./sanitize-errors.ts";
import { overrideProperty, copyFunctionProperties } from "../loading/replace-method.ts";
import { type AnyFunction, withOriginalFallback } from "./original-fallback.ts";
import { runRequireHooks } from "./require-hook.ts";

/** What an adaptor needs of upstream's `Instrumentation`. */
export interface InstrumentationLike {
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
  setLoggerProvider?(provider: LoggerProvider): void;
}

/**
 * An adaptor from one of OpenTelemetry's own instrumentations. It patches as
 * it would behind `require-in-the-middle`, which is `require-hook.ts` in the
 * bundle.
 *
 * @param create is called when the library is loaded first, with the options
 *   that the environment has for it
 * @param callbackMethods the methods that call back later, when a resource is free or an
 *   answer is there, and for which upstream doesn't bind the callback to its caller
 */
export function upstreamAdaptor(
  create: (options: AdaptorDeps["options"]) => InstrumentationLike,
  callbackMethods: readonly string[] = [],
): Adaptor {
  let isCreated = false;
  return {
    patch(exports, file, deps) {
      if (!isCreated) {
        connectInstrumentation(
          withoutMeterProvider(() => create(deps.options)),
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

/** What takes the place of a module that is a function or a class looks as it did. */
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
 * Gives it our providers, and patches for it: so that it can be taken back, and
 * that what is patched looks as it did. Upstream's marks on its functions would
 * be seen by the app; they are kept here.
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
    // Upstream would say so on stderr.
    if (!isFunction(current)) return undefined;
    // Patched already: not a second time on top.
    const original = originals.get(current) ?? current;
    const wrapped = withOriginalFallback(original, (observed) => wrapper(observed, name));
    const outer = callbackMethods.includes(name) ? withBoundArguments(wrapped) : wrapped;
    const replacement = copyFunctionProperties(outer, original);
    originals.set(replacement, original);
    overrideProperty(target, name, replacement);
    return replacement;
  };
}

/** How upstream's `InstrumentationBase` patches; protected in its types. */
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
