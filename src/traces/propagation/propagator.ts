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
  /** Whether a browser's `sentry-trace` is extracted even if `sentry` isn't named (`extractOnly` of the configuration). */
  readonly sentry: boolean;
}

/**
 * Creates the propagator for `OTEL_PROPAGATORS`, in its order. The modules of all
 * but `tracecontext` and `baggage` are loaded here, or later (`sentry`).
 */
export function createPropagator(
  names: readonly PropagatorName[],
  { sentry }: PropagatorOptions,
): CompositePropagator {
  const isNamed = names.includes("sentry");
  // Sentry's own entries in `baggage` are not propagated unless `sentry` is named.
  const excludedPrefix = sentry && !isNamed ? "sentry-" : undefined;
  const propagators: ExtractingPropagator[] = names.map((name) =>
    createNamedPropagator(name, excludedPrefix),
  );
  if (sentry && !isNamed) propagators.push(new SentryTracePropagator({ injects: false }));
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
      return new SentryTracePropagator({ injects: true });
    case "jaeger":
      return loadJaeger().createJaegerPropagator(excludedPrefix);
    case "xray":
      return loadXray().createXrayPropagator();
    default:
      return loadB3().createB3Propagator(name);
  }
}

/**
 * Several propagators as one. No failure of a header, carrier, getter or setter
 * reaches the app: a propagator that fails is skipped, and the root context
 * replaces anything that isn't a context.
 */
export class CompositePropagator implements TextMapPropagator<unknown> {
  #propagators: readonly ExtractingPropagator[];

  constructor(propagators: readonly ExtractingPropagator[]) {
    this.#propagators = propagators;
  }

  /** Replaces all propagators by those of the app, for all later headers. */
  replace(propagators: readonly ExtractingPropagator[]): void {
    this.#propagators = propagators;
  }

  inject(input: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    const context = asContext(input) ?? ROOT_CONTEXT;
    if (isTracingSuppressed(context)) return;
    for (const propagator of this.#propagators) {
      try {
        propagator.inject(context, carrier, setter);
      } catch {
        // The request is sent without this header.
      }
    }
  }

  extract(input: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    let result = asContext(input) ?? ROOT_CONTEXT;
    for (const propagator of this.#propagators) {
      try {
        result = propagator.extract(result, carrier, getter);
      } catch {
        // The header is ignored.
      }
    }
    return result;
  }

  /** Extracts from the headers of a Node request, whose names are in lower case. */
  extractHeaders(context: Context, headers: IncomingHttpHeaders): Context {
    return this.extract(context, headers, HEADER_GETTER);
  }

  /** Returns the headers that `inject` may write. */
  fields(): string[] {
    return [...new Set(this.#propagators.flatMap((propagator) => propagator.fields()))];
  }

  /** Returns the headers, in lower case, of which `extract` needs at least one. */
  extractFields(): string[] {
    return [
      ...new Set(
        this.#propagators.flatMap(
          (propagator) => propagator.extractFields?.() ?? propagator.fields(),
        ),
      ),
    ];
  }
}

const HEADER_GETTER: TextMapGetter<unknown> = {
  get: (carrier, key) => (carrier as IncomingHttpHeaders)[key],
  keys: (carrier) => Object.keys(carrier as IncomingHttpHeaders),
};
