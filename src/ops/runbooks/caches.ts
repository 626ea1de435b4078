import type { Runbook } from "../alerts/alert.ts";

/** When a cache misses often. */
export const cacheRunbook: Runbook = {
  users: "Pages are slower than usual, and the database has more to do.",
  queries: [
    {
      question: "Since when, and which cache?",
      expr: 'sum by (job, telltale_cache_name) (rate(telltale_cache_requests_total{telltale_cache_result="miss"}[15m])) / sum by (job, telltale_cache_name) (rate(telltale_cache_requests_total[15m]))',
    },
    {
      question: "Does the database notice?",
      expr: "sum by (job, db_system_name) (rate(db_client_operation_duration_seconds_count[5m]))",
    },
    {
      question: "Are there more look-ups than usual?",
      expr: "sum by (job, telltale_cache_name) (rate(telltale_cache_requests_total[15m])) / sum by (job, telltale_cache_name) (rate(telltale_cache_requests_total[15m] offset 1d))",
    },
  ],
  causes: [
    "The cache was emptied: a restart, a deployment that changed the keys.",
    "It has too little memory, and evicts entries before they are read again.",
    "Keys that never repeat: a crawler, a parameter that became part of the key.",
  ],
  steps: [
    "After a restart or deployment, wait for the cache to fill.",
    "Look at evictions and memory of the cache.",
    "Look at the keys that miss, in the spans of a trace.",
  ],
};
