import { type Matcher, selector } from "../../prometheus/promql.ts";
import type { Dashboard, Panel, PanelUnit } from "../dashboard.ts";
import { line } from "../queries.ts";
import { objectiveVariables } from "../variables.ts";

const OBJECTIVE = "{{sloth_service}} {{sloth_slo}} {{job}} {{http_route}}";
const noRules: Pick<Panel, "silent"> = {
  silent: { reason: "Prometheus loads no rules of objectives, or there was no traffic." },
};

const objectiveMatchers: readonly Matcher[] = [
  ["sloth_service", "=~", "$sloth_service"],
  ["sloth_slo", "=~", "$sloth_slo"],
];

/** Objectives: what is left of their error budgets, and how fast it is used. */
export const sloDashboard: Dashboard = {
  name: "slo",
  title: "Service level objectives",
  description: "What is left of the error budgets, and how fast it is used.",
  variables: objectiveVariables,
  rows: [
    {
      title: "Error budget",
      panels: [
        panel("Error budget left", "ratio", "slo:period_error_budget_remaining:ratio", {
          view: "stat",
          description: "1 is all of it. Below 0 the objective is missed.",
        }),
        panel("Objective", "ratio", "slo:objective:ratio", {
          view: "stat",
          description: "The part of the events of the period that has to be good.",
        }),
        panel("Error budget over time", "ratio", "slo:period_error_budget_remaining:ratio", {
          view: "timeseries",
          description: "It falls while events fail, and rises as failures leave the period.",
        }),
      ],
    },
    {
      title: "Burn rate",
      panels: [
        panel("Burn rate", "number", "slo:current_burn_rate:ratio", {
          view: "timeseries",
          description:
            "1 uses the budget up exactly at the end of the period. At 14.4, 2% of it are gone within an hour.",
          threshold: { value: 14.4, fires: "above" },
        }),
        panel("Used budget", "ratio", "slo:period_burn_rate:ratio", {
          view: "timeseries",
          description: "The part of the error budget that was used in the period.",
          threshold: { value: 1, fires: "above" },
        }),
      ],
    },
    {
      title: "Events",
      panels: [
        panel("Failed events of 5 minutes", "ratio", "slo:sli_error:ratio_rate5m", {
          view: "timeseries",
          description: "The part of the events that failed.",
        }),
        panel("Failed events of an hour", "ratio", "slo:sli_error:ratio_rate1h", {
          view: "timeseries",
          description: "The part of the events that failed: the window of the fast alert.",
        }),
        panel("Events of 5 minutes", "number", "slo:events:increase5m", {
          view: "timeseries",
          description: "Events that count for the objective, good and failed.",
        }),
      ],
    },
  ],
};

function panel(
  title: string,
  unit: PanelUnit,
  metric: string,
  rest: Pick<Panel, "view" | "description" | "threshold">,
): Panel {
  return { title, unit, queries: [line(recorded(metric), OBJECTIVE)], ...rest, ...noRules };
}

/** Rules record one series for each objective; it has no instance. */
function recorded(metric: string): string {
  return selector(metric, objectiveMatchers);
}
