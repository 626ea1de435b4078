import type { RunbookQuery } from "../alerts/alert.ts";

interface Symptom {
  readonly title: string;
  readonly queries: readonly RunbookQuery[];
  /** What to do next, in Markdown. */
  readonly next: string;
}

const symptoms: readonly Symptom[] = [
  {
    title: "Many errors",
    queries: [
      {
        question: "Which routes?",
        expr: 'topk(10, sum by (http_route, http_response_status_code) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[5m])))',
      },
      {
        question: "Which exceptions?",
        expr: "topk(10, sum by (error_type, http_route) (increase(telltale_exceptions_total[15m])))",
      },
      {
        question: "A dependency?",
        expr: 'sum by (server_address, error_type) (rate(http_client_request_duration_seconds_count{error_type!=""}[5m]))',
      },
      { question: "A new version?", expr: "count by (job, service_version) (target_info)" },
    ],
    next: "Then [HighErrorRatio](HighErrorRatio.md).",
  },
  {
    title: "Slow responses",
    queries: [
      {
        question: "Which routes?",
        expr: "topk(10, histogram_quantile(0.95, sum by (http_route, le) (rate(http_server_request_duration_seconds_bucket[5m]))))",
      },
      {
        question: "The database?",
        expr: "sum by (http_route) (rate(telltale_request_query_duration_seconds_sum[5m]))",
      },
      {
        question: "Many queries in one request?",
        expr: "sum by (http_route) (rate(telltale_request_queries_sum[5m])) / sum by (http_route) (rate(telltale_request_queries_count[5m]))",
      },
      {
        question: "The event loop?",
        expr: "max by (job, instance) (nodejs_eventloop_delay_p99_seconds)",
      },
    ],
    next: "Then [SlowRequests](SlowRequests.md), and an example trace.",
  },
  {
    title: "Requests are refused by rate limits",
    queries: [
      {
        question: "Which limiter and route?",
        expr: "topk(10, sum by (telltale_rate_limit_limiter, http_route) (rate(telltale_rate_limit_hits_total[5m])))",
      },
      {
        question: "Which part of all requests?",
        expr: 'sum by (job) (rate(http_server_request_duration_seconds_count{http_response_status_code="429"}[5m]))',
      },
    ],
    next: "The lines of security.log with the event rate_limit_exceeded have the clients. Then [RateLimitHits](RateLimitHits.md).",
  },
  {
    title: "The database",
    queries: [
      {
        question: "Can it be reached?",
        expr: 'sum by (job, error_type) (rate(db_client_operation_duration_seconds_count{error_type!=""}[5m]))',
      },
      {
        question: "Are connections left?",
        expr: "sum by (db_client_connection_pool_name, db_client_connection_state) (db_client_connection_count)",
      },
      {
        question: "Do requests wait for one?",
        expr: "sum by (db_client_connection_pool_name) (db_client_connection_pending_requests)",
      },
      {
        question: "Is it slow?",
        expr: "histogram_quantile(0.95, sum by (db_operation_name, le) (rate(db_client_operation_duration_seconds_bucket[5m])))",
      },
    ],
    next: "Then [DatabaseUnreachable](DatabaseUnreachable.md), [RequestsWaitForPool](RequestsWaitForPool.md) or [SlowQueries](SlowQueries.md).",
  },
  {
    title: "Redis",
    queries: [
      {
        question: "Can it be reached?",
        expr: 'sum by (job, error_type) (rate(db_client_operation_duration_seconds_count{db_system_name="redis",error_type!=""}[5m]))',
      },
      {
        question: "Does the cache miss?",
        expr: 'sum by (telltale_cache_name) (rate(telltale_cache_requests_total{telltale_cache_result="miss"}[15m]))',
      },
      {
        question: "Do queues grow?",
        expr: "sum by (messaging_destination_name, telltale_queue_state) (telltale_queue_size)",
      },
    ],
    next: "Then [RedisUnreachable](RedisUnreachable.md).",
  },
  {
    title: "Nothing arrives at all",
    queries: [],
    next: "`telltale doctor -- node app.js` names the cause. A service that is down has [ServiceDown](ServiceDown.md).",
  },
];

/** Where to look by what is seen, in Markdown. */
export const troubleshootingText: string = [
  "# Troubleshooting",
  "Each part leads from what you see to the cause.",
  ...symptoms.map(symptomText),
]
  .join("\n\n")
  .concat("\n");

function symptomText({ title, queries, next }: Symptom): string {
  const blocks = queries.map(({ question, expr }) => `${question}\n\n\`\`\`text\n${expr}\n\`\`\``);
  return [`## ${title}`, ...blocks, next].join("\n\n");
}
