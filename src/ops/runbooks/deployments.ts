import type { Runbook } from "../alerts/alert.ts";

/** After a deployment. */
export const deploymentRunbook: Runbook = {
  users: "What is new in the version.",
  queries: [
    { question: "Which versions run?", expr: "count by (job, service_version) (target_info)" },
    {
      question: "Do requests fail since then?",
      expr: 'sum by (job, http_route) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[5m]))',
    },
    {
      question: "Did they become slower?",
      expr: "histogram_quantile(0.95, sum by (job, le) (rate(http_server_request_duration_seconds_bucket[5m])))",
    },
  ],
  causes: ["A deployment was started.", "A rollback: then the version is an older one."],
  steps: [
    "Watch errors and durations for some minutes.",
    "If two versions run for long, the deployment did not finish.",
  ],
};

/** The daily and the weekly message. */
export const reportRunbook: Runbook = {
  users: "Nothing.",
  queries: [
    {
      question: "Which routes failed most?",
      expr: 'topk(10, sum by (job, http_route) (increase(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[1d])))',
    },
    {
      question: "Which routes are slow?",
      expr: "topk(10, histogram_quantile(0.95, sum by (job, http_route, le) (rate(http_server_request_duration_seconds_bucket[1d]))))",
    },
    {
      question: "How much of the error budget is left?",
      expr: "slo:period_error_budget_remaining:ratio",
    },
  ],
  causes: [
    "The time has come.",
    "telltale report daily and weekly have more figures, for Slack or e-mail.",
  ],
  steps: ["Read it.", "Look at what is worse than before."],
};
