import type { TracerOptions, TracerProvider } from "@opentelemetry/api";
import {
  type FlushOptions,
  type ProviderFlushDeps,
  noopFlush,
  ProviderFlush,
} from "../export/provider-flush.ts";
import { createScope } from "../instrumentation-scope.ts";
import { propertyOf } from "../property.ts";
import { NoopTracer, TelltaleTracer, type TracerSharedState } from "./tracer.ts";

/** The API's `TracerProvider`: one tracer for each name, version and schema. */
export class TelltaleTracerProvider implements TracerProvider {
  readonly #sharedState: TracerSharedState;
  readonly #flush: ProviderFlush;
  readonly #tracers = new Map<string, TelltaleTracer>();

  constructor(sharedState: TracerSharedState, flush: ProviderFlushDeps = noopFlush) {
    this.#sharedState = sharedState;
    this.#flush = new ProviderFlush(flush);
  }

  /** Returns a tracer; after `shutdown`, one that records nothing. */
  getTracer(name: string, version?: string, options?: TracerOptions): TelltaleTracer {
    const scope = createScope(name, version, propertyOf(options, "schemaUrl"));
    if (this.#flush.isShutDown) return new NoopTracer(scope, this.#sharedState);
    const key = `${scope.name}@${scope.version ?? ""}:${scope.schemaUrl ?? ""}`;
    const known = this.#tracers.get(key);
    if (known !== undefined) return known;
    const isEnabled = this.#sharedState.isEnabled?.(scope.name) ?? true;
    const tracer = new (isEnabled ? TelltaleTracer : NoopTracer)(scope, this.#sharedState);
    this.#tracers.set(key, tracer);
    return tracer;
  }

  /** Exports the ended spans. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush.forceFlush(options);
  }

  /** Exports the ended spans; later ones are counted as dropped. Never rejects. */
  shutdown(options?: FlushOptions): Promise<void> {
    return this.#flush.shutdown(options);
  }

  /** Stands in for the API's `ProxyTracerProvider`, behind which apps expect the SDK's. */
  getDelegate(): this {
    return this;
  }
}
