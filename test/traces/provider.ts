import type { ReadableSpan, Sampler, SpanProcessor } from "@opentelemetry/sdk-trace";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { SpanLimits } from "../../src/config/config.ts";
import { AlwaysOn } from "../../src/traces/sampling/constant.ts";
import { TelltaleTracerProvider } from "../../src/traces/tracer.ts";
import { Grace, Room } from "../../src/traces/undecided.ts";

/** The defaults of the specification. */
const LIMITS: SpanLimits = {
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
  readonly room?: number;
  readonly probability?: number;
  readonly keepsLater?: boolean;
}

/** A provider whose ways out are lists. */
export function collectingProvider(wishes: Wishes = {}): {
  provider: TelltaleTracerProvider;
  exported: ReadableSpan[];
  books: { made: number; discarded: number };
  room: Room;
  grace: Grace;
} {
  const exported: ReadableSpan[] = [];
  const books = { made: 0, discarded: 0 };
  const limits = { ...LIMITS, ...wishes.limits };
  const discard = (count: number): void => {
    books.discarded += count;
  };
  const room = new Room(wishes.room ?? 1000);
  const grace = new Grace(discard);
  const provider = new TelltaleTracerProvider({
    resource: resourceFromAttributes({ "service.name": "test" }),
    limits,
    attributeLimits: { count: limits.attributeCount, length: limits.attributeLength },
    processors: wishes.processors ?? [],
    sampler: wishes.sampler ?? new AlwaysOn(),
    probability: wishes.probability,
    keepsLater: wishes.keepsLater ?? true,
    sink: {
      room,
      grace,
      keepSlowMs: wishes.keepSlowMs ?? Infinity,
      made: () => books.made++,
      export: (span) => exported.push(span),
      discard,
    },
  });
  return { provider, exported, books, room, grace };
}
