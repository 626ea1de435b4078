import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { SpanLimits } from "../../src/config/config.ts";
import { AlwaysOnSampler } from "../../src/traces/sampling/constant.ts";
import { TelltaleTracerProvider } from "../../src/traces/tracer-provider.ts";
import { redactor } from "../redaction/default-redactor.ts";
import { DropTimer, SpanQuota } from "../../src/traces/tail-buffer.ts";

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
  readonly spanQuota?: number;
  readonly probability?: number;
  readonly tailSamples?: boolean;
}

/** Creates a provider that exports to a list. */
export function collectingProvider(options: ProviderOptions = {}): {
  provider: TelltaleTracerProvider;
  exported: ReadableSpan[];
  counters: { created: number; discarded: number };
  quota: SpanQuota;
  dropTimer: DropTimer;
} {
  const exported: ReadableSpan[] = [];
  const counters = { created: 0, discarded: 0 };
  const limits = { ...LIMITS, ...options.limits };
  const discard = (count: number): void => {
    counters.discarded += count;
  };
  const quota = new SpanQuota(options.spanQuota ?? 1000);
  const dropTimer = new DropTimer(discard);
  const provider = new TelltaleTracerProvider({
    resource: resourceFromAttributes({ "service.name": "test" }),
    limits,
    redactor,
    attributeLimits: { count: limits.attributeCount, length: limits.attributeLength },
    processors: options.processors ?? [],
    sampler: options.sampler ?? new AlwaysOnSampler(),
    probability: options.probability,
    tailSamples: options.tailSamples ?? true,
    sink: {
      quota,
      dropTimer,
      keepSlowMs: options.keepSlowMs ?? Infinity,
      created: () => counters.created++,
      export: (span) => exported.push(span),
      discard,
    },
  });
  return { provider, exported, counters, quota, dropTimer };
}
