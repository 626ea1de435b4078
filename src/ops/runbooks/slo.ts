import type { Runbook } from "../alerts/alert.ts";

/** The page of an alert on objectives, which has no entry in the table of alerts. */
export interface ObjectiveRunbook extends Runbook {
  readonly name: string;
  readonly meaning: string;
}

const queries: Runbook["queries"] = [
  {
    question: "How much of the error budget is left?",
    expr: "slo:period_error_budget_remaining:ratio",
  },
  {
    question: "How fast is it spent?",
    expr: "slo:current_burn_rate:ratio",
  },
  {
    question: "Which routes fail?",
    expr: 'topk(10, sum by (job, http_route) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[1h])))',
  },
];

/** The pages of the alerts on objectives. */
export const objectiveRunbooks: readonly ObjectiveRunbook[] = [
  {
    name: "SLOBurnsFast",
    meaning:
      "**page.** The error budget of an objective is used up within days at this rate: 14.4 times as fast as planned within an hour, or 6 times within six hours.",
    users: "Many of their requests fail or are slow, right now.",
    queries,
    causes: [
      "What fires beside it: HighErrorRatio, SlowRequests, DatabaseUnreachable, ServiceDown.",
      "A deployment of the last hour.",
      "A dependency that fails for one route only.",
    ],
    steps: [
      "Follow the runbook of the alert that fires beside it.",
      "Roll back if it began with a deployment.",
      "When it is over, note how much of the budget it cost.",
    ],
  },
  {
    name: "SLOBurnsSlowly",
    meaning:
      "**ticket.** The error budget of an objective is used up before the end of the period at this rate.",
    users: "A few of their requests fail or are slow, for days.",
    queries,
    causes: [
      "One route or one kind of request that always fails.",
      "A dependency that fails now and then.",
      "An objective that the service can't reach.",
    ],
    steps: [
      "Find the routes with most failures of the last days.",
      "Fix them before new features: that is what the budget is for.",
      "If all is as it should be, talk about the objective.",
    ],
  },
  {
    name: "SLOBucketIsMissing",
    meaning:
      "**ticket.** Requests exist, and the bucket of the objective's threshold does not: the objective is blind.",
    users: "Nothing.",
    queries: [
      {
        question: "Which buckets are there?",
        expr: "count by (job, le) (http_server_request_duration_seconds_bucket)",
      },
      ...queries.slice(0, 2),
    ],
    causes: [
      "TELLTALE_METRICS_BUCKETS of the service was changed.",
      "The metric comes from something else than telltale.",
    ],
    steps: [
      "Add the threshold to the buckets of the service, or choose one of its buckets for the objective.",
      "Write the rules again: telltale ops.",
    ],
  },
];
