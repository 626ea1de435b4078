import type { Matcher } from "../prometheus/promql.ts";
import { increaseBy, rateBy, ratio } from "../prometheus/rate-queries.ts";
import { cacheRunbook } from "../runbooks/caches.ts";
import type { Alert } from "./alert.ts";
import { partScenarios } from "./scenario-sets.ts";

const LOOKUPS = "telltale_cache_requests_total";
const MISS: Matcher = ["telltale_cache_result", "=", "miss"];
const by = ["job", "telltale_cache_name"];
const cache = { job: "shop", instance: "a", telltale_cache_name: "products" };

/** Alerts on caches. */
export const cacheAlerts: readonly Alert[] = [
  {
    name: "CacheMisses",
    subject: "caches",
    severity: "warning",
    meaning: "The part of the look-ups of a cache that found nothing.",
    threshold: {
      value: 0.5,
      unit: "ratio",
      fires: "above",
      reason: "A cache that misses every second time saves little, and costs each time.",
    },
    window: "15m",
    for: "15m",
    by,
    value: (context) => ratio(rateBy(by, LOOKUPS, context, MISS), rateBy(by, LOOKUPS, context)),
    events: {
      minimum: 100,
      reason: "A cache that is hardly used is cold.",
      expr: (context) => increaseBy(by, LOOKUPS, context),
    },
    summary:
      "{{ $value | humanizePercentage }} of the look-ups in {{ $labels.telltale_cache_name }} of {{ $labels.job }} miss",
    action: "Check whether the cache was emptied, has too little memory, or too short a lifetime",
    inhibitedBy: ["RedisUnreachable"],
    runbook: cacheRunbook,
    panel: "Cache misses",
    scenarios: (context) =>
      partScenarios(
        context,
        {
          counted: [LOOKUPS, { ...cache, telltale_cache_result: "miss" }],
          others: [LOOKUPS, { ...cache, telltale_cache_result: "hit" }],
        },
        { job: "shop", telltale_cache_name: "products" },
      ),
  },
];
