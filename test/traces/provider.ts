import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { SpanLimits } from "../../src/config/config.ts";
import { AlwaysOnSampler } from "../../src/traces/sampling/constant.ts";
import { TelltaleTracerProvider } from "../../src/traces/tracer-provider.ts";
import { redactor } from "../redaction/default-redactor.ts";
import type { OnClientSpan, TracerSharedState } from "../../src/traces/tracer.ts";
import { OpenSpans } from "../../src/traces/open-spans.ts";
import { TailBuffer } from "../../src/traces/tail-buffer.ts";

/** The defaults of the specification. */
const LIMITS: SpanLimits = {
  attributeCount: 128,
  attributeLength: Infinity,
  eventCount: 128,
  linkCount: 128,
  attributesPerEvent: 128,
  attributesPerLink: 128,
};

export interface ProviderOptions {
  readonly limits?: Partial<SpanLimits>;
  readonly sampler?: Sampler;
  readonly processors?: readonly SpanProcessor[];
  readonly keepSlowMs?: number;
  /** Capacity of the tail buffer. */
  readonly capacity?: number;
  /** The head sampling probability of traces without a parent. */
  readonly probability?: number;
  readonly probabilityOf?: TracerSharedState["probabilityOf"];
  readonly tailSamples?: boolean;
  readonly onClientSpan?: OnClientSpan;
}

/** Creates a provider that exports to a list. */
export function collectingProvider(options: ProviderOptions = {}): {
  provider: TelltaleTracerProvider;
  exported: ReadableSpan[];
  counters: { created: number; unsampled: number; buffer_full: number };
  tailBuffer: TailBuffer;
  openSpans: OpenSpans;
} {
  const exported: ReadableSpan[] = [];
  const counters = { created: 0, unsampled: 0, buffer_full: 0 };
  const limits = { ...LIMITS, ...options.limits };
  const tailBuffer = new TailBuffer(options.capacity ?? 1000, (reason, count) => {
    counters[reason] += count;
  });
  const openSpans = new OpenSpans();
  const provider = new TelltaleTracerProvider({
    resource: resourceFromAttributes({ "service.name": "test" }),
    limits,
    redactor,
    attributeLimits: { count: limits.attributeCount, length: limits.attributeLength },
    processors: [...(options.processors ?? [])],
    sampler: options.sampler ?? new AlwaysOnSampler(),
    readsAttributes: false,
    probabilityOf:
      options.probabilityOf ??
      ((parent) => (parent === undefined ? options.probability : undefined)),
    onClientSpan: options.onClientSpan,
    tailSamples: options.tailSamples ?? true,
    sink: {
      tailBuffer,
      openSpans,
      keepSlowMs: options.keepSlowMs ?? Infinity,
      created: () => counters.created++,
      export: (span) => exported.push(span),
    },
  });
  return { provider, exported, counters, tailBuffer, openSpans };
}
