import type { Context, TextMapGetter, TextMapSetter } from "@opentelemetry/api";
import type { ExtractingPropagator } from "../../traces/propagation/extracting-propagator.ts";
import type { ExtensionReport } from "../report.ts";

/** `TextMapPropagator` of OpenTelemetry's API. */
export interface Propagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): unknown;
  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context;
  fields(): unknown;
}

/** Returns a propagator that never throws. */
export function guardedPropagator(own: Propagator, report: ExtensionReport): ExtractingPropagator {
  const fields = (): string[] => {
    const names = report.guard("textMapPropagator.fields", "no header is read", () => own.fields());
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  };
  return {
    inject(context, carrier, setter) {
      report.guard("textMapPropagator.inject", "the request is sent without its headers", () =>
        own.inject(context, carrier, setter),
      );
    },
    extract(context, carrier, getter) {
      return (
        report.guard("textMapPropagator.extract", "the headers are ignored", () =>
          own.extract(context, carrier, getter),
        ) ?? context
      );
    },
    fields,
    extractFields: () => fields().map((name) => name.toLowerCase()),
  };
}
