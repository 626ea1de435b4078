import type { Runbook } from "../alerts/alert.ts";

/** When calls to another service fail. */
export const dependencyRunbook: Runbook = {
  users: "What needs the other service fails or is missing: payments, search, mails.",
  queries: [
    {
      question: "Which host, with which error?",
      expr: 'topk(10, sum by (job, server_address, error_type) (rate(http_client_request_duration_seconds_count{error_type!=""}[5m])))',
    },
    {
      question: "How long do the calls take?",
      expr: "histogram_quantile(0.95, sum by (job, server_address, le) (rate(http_client_request_duration_seconds_bucket[5m])))",
    },
    {
      question: "Do requests of users fail by it?",
      expr: 'sum by (job, http_route) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[5m]))',
    },
  ],
  causes: [
    "The other service is down or overloaded: see its status page or its own alerts.",
    "A key, certificate or quota has expired.",
    "The network or DNS between both.",
  ],
  steps: [
    "Look at the state of the other service.",
    "Check keys and quotas if the status is 401, 403 or 429.",
    "If the app can do without, turn off what needs it.",
  ],
};
