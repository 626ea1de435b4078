import type { LoggerProvider, MeterProvider, TracerProvider } from "@opentelemetry/api";
import { withoutMeter } from "../globals.ts";
import type { Adaptor, Services } from "./adaptor.ts";
import { bindAll } from "./caller-context.ts";
import { withCleanErrors } from "./clean-errors.ts";
import { defineOver, disguise } from "./method.ts";
import { type AnyFunction, orOriginal } from "./or-original.ts";
import { feedHooks } from "./require-hook.ts";

/** What an adaptor needs of upstream's `Instrumentation`. */
export interface Upstream {
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
 * @param waiting the methods that call back later, when a resource is free or an
 *   answer is there, and for which upstream doesn't bind the callback to its caller
 */
export function upstreamAdaptor(
  create: (options: Services["options"]) => Upstream,
  waiting: readonly string[] = [],
): Adaptor {
  let isCreated = false;
  return {
    patch(exports, file, services) {
      if (!isCreated) {
        join(
          withoutMeter(() => create(services.options)),
          services,
          waiting,
        );
        isCreated = true;
      }
      const name = file.isMain ? file.package : `${file.package}/${file.file}`;
      return asExported(feedHooks(exports, name, file.directory || undefined), exports);
    },
  };
}

/** What takes the place of a module that is a function or a class looks as it did. */
function asExported(patched: unknown, exports: unknown): unknown {
  if (patched === exports || !isFunction(patched) || !isFunction(exports)) return patched;
  disguise(patched, exports);
  const prototype = Object.getOwnPropertyDescriptor(exports, "prototype");
  if (prototype === undefined) return patched;
  Object.defineProperty(patched, "prototype", prototype);
  const { constructor } = prototype.value as { readonly constructor?: unknown };
  if (constructor === exports) defineOver(prototype.value as object, "constructor", patched);
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
export function join(
  instrumentation: Upstream,
  services: Services,
  waiting: readonly string[] = [],
): void {
  instrumentation.setTracerProvider(withCleanErrors(services.tracerProvider));
  instrumentation.setMeterProvider(services.meterProvider);
  instrumentation.setLoggerProvider?.(services.loggerProvider);
  const patcher = instrumentation as Partial<Patcher>;
  if (patcher._wrap === undefined) return;
  const originals = new WeakMap<AnyFunction, AnyFunction>();
  patcher._wrap = (target, name, wrapper) => {
    const current = target[name];
    // Upstream would say so on stderr.
    if (!isFunction(current)) return undefined;
    // Patched already: not a second time on top.
    const original = originals.get(current) ?? current;
    const wrapped = orOriginal(original, (observed) => wrapper(observed, name));
    const outer = waiting.includes(name) ? bindingArguments(wrapped) : wrapped;
    const replacement = disguise(outer, original);
    originals.set(replacement, original);
    defineOver(target, name, replacement);
    return replacement;
  };
}

/** How upstream's `InstrumentationBase` patches; protected in its types. */
interface Patcher {
  _wrap(
    target: Record<string, unknown>,
    name: string,
    wrapper: (original: AnyFunction, name: string) => AnyFunction,
  ): unknown;
}

function bindingArguments(method: AnyFunction): AnyFunction {
  return function (...args) {
    return Reflect.apply(method, this, bindAll(args));
  };
}
