import type { Runbook } from "../alerts/alert.ts";

/** When a service has many exceptions. */
export const exceptionRunbook: Runbook = {
  users: "It depends on the exception: an error page, a missing part of a page, or nothing.",
  queries: [
    {
      question: "Which types, on which routes?",
      expr: "topk(10, sum by (error_type, http_route, telltale_job_name) (increase(telltale_exceptions_total[15m])))",
    },
    {
      question: "Are they handled?",
      expr: "sum by (telltale_exception_handled) (increase(telltale_exceptions_total[15m]))",
    },
    {
      question: "Did a version start at that time?",
      expr: "count by (job, service_version) (target_info)",
    },
  ],
  causes: [
    "A bug of the version that was deployed last.",
    "A dependency that fails: types such as ECONNREFUSED or TimeoutError.",
    "Input of one user or client that the code does not expect.",
  ],
  steps: [
    "Open the issue in Sentry, or the error lines of the log: type, stack and trace.",
    "Roll back if the type is new with the version.",
    "If a dependency fails, follow the runbook of its alert.",
  ],
};
