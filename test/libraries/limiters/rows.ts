import { type LibraryRow, type Variant, variants } from "../row.ts";

/** A case of an app, whose name ends its path, and the hits that it must have. */
export interface LimiterCase {
  readonly name: string;
  /** Results of its calls; undefined where those without the preload are enough. */
  readonly results?: RegExp;
  /** Number of hits by limiter; `-` for none. Without a route, the limiter's name has the alias. */
  readonly hits: Readonly<Record<string, number>>;
  /** The aliases that have the case; undefined: all. */
  readonly installed?: RegExp;
}

export interface LimiterLibrary {
  readonly library: string;
  /** A file of `apps/`. */
  readonly app: string;
  readonly supports: string;
  readonly installed: readonly string[];
  readonly cases: readonly LimiterCase[];
}

const ONE = { "1-in-1min": 2 };

const expressRateLimit: LimiterLibrary = {
  library: "express-rate-limit",
  app: "express-rate-limit",
  supports: "hits by limiter and route, security events",
  installed: [
    "express-rate-limit",
    "express-rate-limit-8-oldest",
    "express-rate-limit-7",
    "express-rate-limit-7-oldest",
    "express-rate-limit-6",
    "express-rate-limit-6-oldest",
  ],
  cases: [
    { name: "plain", results: /^200.* 429.* 429/, hits: ONE },
    { name: "handler", results: /503/, hits: ONE },
    { name: "error", results: /429 busy/, hits: ONE },
    { name: "passed", results: /^200 ok, 200 ok, 200 ok$/, hits: {} },
    { name: "slow", results: /429 later/, hits: ONE },
    { name: "skipped", hits: {} },
    { name: "named", hits: { login: 2 } },
    { name: "property", hits: { "1-in-2hrs": 2 } },
    { name: "keys", hits: ONE },
    { name: "stacked", hits: { "1-in-30sec": 2 } },
    { name: "function", hits: { "2-in-1min": 1 } },
    { name: "zero", results: /^429/, hits: { "0-in-1min": 3 }, installed: /limit$|-[78]/ },
    { name: "zero", results: /^200 ok, 200/, hits: {}, installed: /-6/ },
    { name: "store", hits: ONE },
    { name: "broken", hits: { "-": 3 } },
    { name: "own", hits: { "-": 3 } },
    { name: "mounted", results: /429 \{"code":1\}/, hits: { mounted: 2 } },
    { name: "reached", hits: ONE },
  ],
};

const fastifyRateLimit: LimiterLibrary = {
  library: "@fastify/rate-limit",
  app: "fastify-rate-limit",
  supports: "hits by limiter and route, security events",
  installed: [
    "@fastify/rate-limit",
    "@fastify/rate-limit-11-oldest",
    "@fastify/rate-limit-10",
    "@fastify/rate-limit-10-oldest",
    "@fastify/rate-limit-9",
    "@fastify/rate-limit-9-oldest",
  ],
  cases: [
    { name: "route", results: /^200.* 429.* 429/, hits: ONE },
    { name: "exceeded", hits: ONE },
    { name: "builder", results: /503/, hits: ONE },
    { name: "ban", results: /403/, hits: ONE },
    { name: "group", hits: { login: 2 } },
    { name: "allowed", hits: {} },
    { name: "dynamic", hits: { "@fastify/rate-limit": 2 } },
    { name: "unlimited", hits: {} },
    { name: "keys", hits: ONE },
    { name: "failing", results: /^400/, hits: {} },
    { name: "handler", hits: ONE },
    {
      name: "check",
      results: /^200 ok, 503 busy/,
      hits: ONE,
      installed: /limit$|-11|-10$/,
    },
    { name: "global", hits: { "1-in-1hr": 2 } },
    { name: "off", hits: {} },
    { name: "stored", hits: { "2-in-1min": 1 } },
    { name: "store", hits: ONE },
  ],
};

const rateLimiterFlexible: LimiterLibrary = {
  library: "rate-limiter-flexible",
  app: "rate-limiter-flexible",
  supports: "hits by limiter, and by route in requests, security events",
  installed: [
    "rate-limiter-flexible",
    ...["11-oldest", "10", "10-oldest", "9", "9-oldest", "8", "8-oldest"].map(aliasOf),
    ...["7", "7-oldest", "6", "6-oldest", "5", "5-oldest"].map(aliasOf),
  ],
  cases: [
    // The third rejection of `memory` is not handled.
    { name: "memory", results: /^ok, rejected, rejected$/, hits: { memory: 3 } },
    { name: "deep", hits: { deep: 2 } },
    { name: "union", hits: { "union a": 2 } },
    { name: "union of one", hits: { "union d": 2 } },
    { name: "bursty", results: /^ok, ok, rejected$/, hits: { bursty: 1 } },
    { name: "black", results: /^rejected/, hits: { black: 3 } },
    { name: "listed", hits: { listed: 2 } },
    { name: "listed bursty", results: /^ok, ok, rejected$/, hits: { outer: 1 } },
    { name: "timeouts", hits: { timeouts: 2 }, installed: /flexible$|-8$|-9|-1/ },
    { name: "queue", results: /^ok, ok, RateLimiterQueueError$/, hits: { queue: 1 } },
    { name: "unhandled", results: /^rejected$/, hits: { memory: 3 } },
    { name: "redis", hits: { redis: 2 } },
    { name: "lost", results: /^Error/, hits: {} },
    { name: "insured", results: /^ok, rejected/, hits: { insured: 2 } },
    { name: "answered", hits: { answered: 2 } },
    { name: "refused", results: /503/, hits: { refused: 2 } },
    { name: "retried", results: /^200 ok, 200 ok, 200 ok$/, hits: { retried: 3 } },
    { name: "both", hits: { first: 2, second: 2 } },
    { name: "brute", results: /^200 ok, 429/, hits: { brute: 2 } },
  ],
};

function aliasOf(version: string): string {
  return `rate-limiter-flexible-${version}`;
}

export const libraries: readonly LimiterLibrary[] = [
  expressRateLimit,
  fastifyRateLimit,
  rateLimiterFlexible,
];

/** How an app runs, with several versions of its library at once. */
export const limiterVariants: readonly Omit<Variant, "installed">[] = variants("all").map(
  ({ moduleSystem, node }) => ({ moduleSystem, node }),
);

/** Versions that run at once: all limiters of a process may have 200 names. */
const BATCH = 7;

/** Returns the library with a part of its versions each. */
export function batchesOf(library: LimiterLibrary): LimiterLibrary[] {
  const { installed } = library;
  const count = Math.ceil(installed.length / BATCH);
  return Array.from({ length: count }, (_, at) => ({
    ...library,
    installed: installed.slice(at * BATCH, (at + 1) * BATCH),
  }));
}

export const rows: readonly LibraryRow[] = libraries.flatMap(({ library, supports, installed }) =>
  installed.flatMap((name) =>
    limiterVariants.map((variant) => ({ ...variant, library, supports, installed: name })),
  ),
);
