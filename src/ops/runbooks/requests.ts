import type { Runbook } from "../alerts/alert.ts";

/** When requests fail with a status of 5xx. */
export const errorRunbook: Runbook = {
  users:
    "Pages and calls of the service end in an error, for one request of {{threshold}} or more.",
  queries: [
    {
      question: "Which routes fail?",
      expr: `topk(10, sum by (http_route, http_response_status_code) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[5m])))`,
    },
    {
      question: "Which exceptions are behind it?",
      expr: "topk(10, sum by (error_type, http_route) (increase(telltale_exceptions_total[15m])))",
    },
    {
      question: "Did a version start at that time?",
      expr: "count by (job, service_version) (target_info)",
    },
  ],
  causes: [
    "A deployment: compare its time with the start of the failures.",
    "A dependency that is down or slow: a database, a cache, another service.",
    "A limit that was reached: connections, memory, file descriptors.",
  ],
  steps: [
    "Roll back, if a deployment and the start of the failures agree.",
    "Open the example trace: the first span in error has the cause.",
    "If one route alone fails, turn off what uses it.",
  ],
};

/** When requests are slow. */
export const slowRequestRunbook: Runbook = {
  users: "Pages load slowly: one request of twenty takes longer than {{threshold}}.",
  queries: [
    {
      question: "Which routes are slow?",
      expr: "topk(10, histogram_quantile(0.95, sum by (http_route, le) (rate(http_server_request_duration_seconds_bucket[5m]))))",
    },
    {
      question: "How much of it is the database?",
      expr: "topk(10, sum by (http_route) (rate(telltale_request_query_duration_seconds_sum[5m])) / sum by (http_route) (rate(telltale_request_query_duration_seconds_count[5m])))",
    },
    {
      question: "Is the event loop blocked?",
      expr: "topk(5, max by (job, instance) (nodejs_eventloop_delay_p99_seconds))",
    },
  ],
  causes: [
    "A query without an index, or many queries for one request (N+1).",
    "A dependency that is slow: see the durations of outgoing calls by address.",
    "A blocked event loop, or a pool of connections that is used up.",
  ],
  steps: [
    "Open a slow trace of the slowest route: its longest span without children is where the time goes.",
    "If all routes are slow, look at event loop, CPU and memory of the process.",
    "Add processes if CPU is used up; otherwise they only add load to the dependency.",
  ],
};

/** When there are far fewer requests than usual. */
export const trafficRunbook: Runbook = {
  users: "Some of them can't reach the service at all: their requests don't arrive.",
  queries: [
    {
      question: "Which routes get fewer requests?",
      expr: "sum by (http_route) (rate(http_server_request_duration_seconds_count[15m])) / sum by (http_route) (rate(http_server_request_duration_seconds_count[15m] offset 1w))",
    },
    {
      question: "Do all processes get requests?",
      expr: "sum by (job, instance) (rate(http_server_request_duration_seconds_count[5m]))",
    },
    {
      question: "Does a check from outside succeed?",
      expr: "probe_success",
    },
  ],
  causes: [
    "DNS, certificate, load balancer or firewall: requests don't reach the service.",
    "An error in the app of the users, which sends no requests.",
    "A holiday, or a week ago an unusual number of requests.",
  ],
  steps: [
    "Request the service from outside.",
    "Compare with the load balancer's own figures.",
    "If last week was unusual, mute the alert for a day.",
  ],
};

/** When rate limiters refuse many requests. */
export const rateLimitRunbook: Runbook = {
  users: "Some get status 429. If the limit is too low, they are customers.",
  queries: [
    {
      question: "Which limiter and route?",
      expr: "topk(10, sum by (telltale_rate_limit_limiter, http_route) (rate(telltale_rate_limit_hits_total[5m])))",
    },
    {
      question: "Which part of the requests is refused?",
      expr: 'sum by (job) (rate(http_server_request_duration_seconds_count{http_response_status_code="429"}[5m])) / sum by (job) (rate(http_server_request_duration_seconds_count[5m]))',
    },
    {
      question: "Did traffic grow?",
      expr: "sum by (job) (rate(http_server_request_duration_seconds_count[5m])) / sum by (job) (rate(http_server_request_duration_seconds_count[5m] offset 1d))",
    },
  ],
  causes: [
    "A client that repeats failed requests without a pause.",
    "Guessing of passwords, or scraping: see the security events.",
    "A limit that is too low for today's traffic, or that counts all users behind one address as one.",
  ],
  steps: [
    "Find the clients in the lines of security.log (event rate_limit_exceeded).",
    "Block a single abusive client in front of the service.",
    "Raise the limit if ordinary users reach it.",
  ],
};
