import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { SpanLimits } from "../../src/config/config.ts";
import { Shelf } from "../../src/traces/local-trace.ts";
import { AlwaysOn } from "../../src/traces/sampling/constant.ts";
import { TelltaleTracerProvider } from "../../src/traces/tracer.ts";

/** The defaults of the specification. */
export const LIMITS: SpanLimits = {
  attributeCount: 128,
  attributeLength: Infinity,
  eventCount: 128,
  linkCount: 128,
  attributesPerEvent: 128,
  attributesPerLink: 128,
};

export interface Wishes {
  readonly limits?: Partial<SpanLimits>;
  readonly sampler?: Sampler;
  readonly processors?: readonly SpanProcessor[];
  readonly keepSlowMs?: number;
  readonly shelf?: number;
  readonly probability?: number;
  readonly keepsLater?: boolean;
}

/** A provider whose ways out are lists. */
export function collectingProvider(wishes: Wishes = {}): {
  provider: TelltaleTracerProvider;
  exported: ReadableSpan[];
  books: { made: number; discarded: number };
  shelf: Shelf;
} {
  const exported: ReadableSpan[] = [];
  const books = { made: 0, discarded: 0 };
  const limits = { ...LIMITS, ...wishes.limits };
  const shelf = new Shelf(wishes.shelf ?? 1000);
  const provider = new TelltaleTracerProvider({
    resource: resourceFromAttributes({ "service.name": "test" }),
    limits,
    attributeLimits: { count: limits.attributeCount, length: limits.attributeLength },
    processors: wishes.processors ?? [],
    sampler: wishes.sampler ?? new AlwaysOn(),
    probability: wishes.probability,
    keepsLater: wishes.keepsLater ?? true,
    sink: {
      shelf,
      keepSlowMs: wishes.keepSlowMs ?? Infinity,
      made: () => books.made++,
      export: (span) => exported.push(span),
      discard: (count) => {
        books.discarded += count;
      },
    },
  });
  return { provider, exported, books, shelf };
}
