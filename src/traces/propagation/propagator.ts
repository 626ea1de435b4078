import type { IncomingHttpHeaders } from "node:http";
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { lazy } from "../../lazy.ts";
import type { PropagatorName } from "../../config/config.ts";
import { asContext, isTracingSuppressed, ROOT_CONTEXT } from "../../context/context.ts";
import { BaggagePropagator } from "./baggage.ts";
import type { ExtractingPropagator } from "./extracting-propagator.ts";
import { SentryTracePropagator } from "./sentry-trace.ts";
import { TraceContextPropagator } from "./trace-context.ts";

const loadJaeger = lazy<typeof import("./jaeger.ts")>("traces/propagation/jaeger.ts");
const loadXray = lazy<typeof import("./xray.ts")>("traces/propagation/xray.ts");
const loadB3 = lazy<typeof import("./b3.ts")>("traces/propagation/b3.ts");

export interface PropagatorOptions {
  /** A browser's `sentry-trace` is read even if `sentry` isn't named (`extractOnly` of the configuration). */
  readonly sentry: boolean;
}

/**
 * The propagator of `OTEL_PROPAGATORS`, in its order. What others than
 * `tracecontext` and `baggage` need is loaded here, or later (`sentry`).
 */
export function createPropagator(
  names: readonly PropagatorName[],
  { sentry }: PropagatorOptions,
): CompositePropagator {
  const isNamed = names.includes("sentry");
  // Sentry's own entries in `baggage` go no further, unless somebody asks for them.
  const excludedPrefix = sentry && !isNamed ? "sentry-" : undefined;
  const propagators: ExtractingPropagator[] = names.map((name) =>
    createNamedPropagator(name, excludedPrefix),
  );
  if (sentry && !isNamed) propagators.push(new SentryTracePropagator({ sends: false }));
  return new CompositePropagator(propagators);
}

function createNamedPropagator(
  name: PropagatorName,
  excludedPrefix: string | undefined,
): ExtractingPropagator {
  switch (name) {
    case "tracecontext":
      return new TraceContextPropagator();
    case "baggage":
      return new BaggagePropagator(excludedPrefix);
    case "sentry":
      return new SentryTracePropagator({ sends: true });
    case "jaeger":
      return loadJaeger().createJaegerPropagator(excludedPrefix);
    case "xray":
      return loadXray().createXrayPropagator();
    default:
      return loadB3().createB3Propagator(name);
  }
}

/**
 * Several propagators as one. Nothing that a header, a carrier, a getter or a
 * setter does reaches the app: a propagator that fails is passed over, and what is
 * no context is the empty one.
 */
export class CompositePropagator implements TextMapPropagator<unknown> {
  readonly #propagators: readonly ExtractingPropagator[];

  constructor(propagators: readonly ExtractingPropagator[]) {
    this.#propagators = propagators;
  }

  inject(input: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    const context = asContext(input) ?? ROOT_CONTEXT;
    if (isTracingSuppressed(context)) return;
    for (const part of this.#propagators) {
      try {
        part.inject(context, carrier, setter);
      } catch {
        // The request goes out without this header.
      }
    }
  }

  extract(input: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    let result = asContext(input) ?? ROOT_CONTEXT;
    for (const part of this.#propagators) {
      try {
        result = part.extract(result, carrier, getter);
      } catch {
        // As if the header weren't there.
      }
    }
    return result;
  }

  /** `extract` from the headers of a Node request: names in lower case. */
  extractHeaders(context: Context, headers: IncomingHttpHeaders): Context {
    return this.extract(context, headers, HEADER_GETTER);
  }

  /** The headers that `inject` may write. */
  fields(): string[] {
    return [...new Set(this.#propagators.flatMap((part) => part.fields()))];
  }

  /** The headers, in lower case, without any of which `extract` finds nothing. */
  extractFields(): string[] {
    return [
      ...new Set(this.#propagators.flatMap((part) => part.extractFields?.() ?? part.fields())),
    ];
  }
}

const HEADER_GETTER: TextMapGetter<unknown> = {
  get: (carrier, key) => (carrier as IncomingHttpHeaders)[key],
  keys: (carrier) => Object.keys(carrier as IncomingHttpHeaders),
};
