import type { Runbook } from "../alerts/alert.ts";

/** Returns the page for a counter of the app that falls below its usual rate. */
export function businessRunbook(metric: string): Runbook {
  return {
    users: "They can't do it any more, or don't want to.",
    queries: [
      { question: "Since when?", expr: `sum by (job) (rate(${metric}[15m]))` },
      {
        question: "Do requests fail?",
        expr: 'sum by (job, http_route) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[15m]))',
      },
      {
        question: "Are there fewer requests, too?",
        expr: "sum by (job) (rate(http_server_request_duration_seconds_count[15m])) / sum by (job) (rate(http_server_request_duration_seconds_count[15m] offset 1w))",
      },
    ],
    causes: [
      "An error in the page, or in a service that it needs (payments, mails).",
      "A deployment that changed the way to it.",
      "A holiday, or a campaign in the last week.",
    ],
    steps: [
      "Try it by hand.",
      "Look at the errors of its routes, and at those in Sentry for browsers.",
      "If the last week was unusual, mute the alert for a day.",
    ],
  };
}
