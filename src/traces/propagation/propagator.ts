import type { IncomingHttpHeaders } from "node:http";
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { lazy } from "../../lazy.ts";
import type { PropagatorName } from "../../config/config.ts";
import { contextFrom, isSuppressed, ROOT } from "../../context/context.ts";
import { BaggagePropagator } from "./baggage.ts";
import type { PropagatorPart } from "./part.ts";
import { SentryTrace } from "./sentry-trace.ts";
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
): Propagator {
  const isNamed = names.includes("sentry");
  // Sentry's own entries in `baggage` go no further, unless somebody asks for them.
  const hidden = sentry && !isNamed ? "sentry-" : undefined;
  const parts: PropagatorPart[] = names.map((name) => partOf(name, hidden));
  if (sentry && !isNamed) parts.push(new SentryTrace({ sends: false }));
  return new Propagator(parts);
}

function partOf(name: PropagatorName, hidden: string | undefined): PropagatorPart {
  switch (name) {
    case "tracecontext":
      return new TraceContextPropagator();
    case "baggage":
      return new BaggagePropagator(hidden);
    case "sentry":
      return new SentryTrace({ sends: true });
    case "jaeger":
      return loadJaeger().createJaegerPropagator(hidden);
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
export class Propagator implements TextMapPropagator<unknown> {
  readonly #parts: readonly PropagatorPart[];

  constructor(parts: readonly PropagatorPart[]) {
    this.#parts = parts;
  }

  inject(given: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    const context = contextFrom(given) ?? ROOT;
    if (isSuppressed(context)) return;
    for (const part of this.#parts) {
      try {
        part.inject(context, carrier, setter);
      } catch {
        // The request goes out without this header.
      }
    }
  }

  extract(given: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    let result = contextFrom(given) ?? ROOT;
    for (const part of this.#parts) {
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
    return this.extract(context, headers, HEADERS);
  }

  /** The headers that `inject` may write. */
  fields(): string[] {
    return [...new Set(this.#parts.flatMap((part) => part.fields()))];
  }

  /** The headers, in lower case, without any of which `extract` finds nothing. */
  reads(): string[] {
    return [...new Set(this.#parts.flatMap((part) => part.reads?.() ?? part.fields()))];
  }
}

const HEADERS: TextMapGetter<unknown> = {
  get: (carrier, key) => (carrier as IncomingHttpHeaders)[key],
  keys: (carrier) => Object.keys(carrier as IncomingHttpHeaders),
};
