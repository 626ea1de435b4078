import type { BusinessCounter } from "../options/business-options.ts";
import { ratio } from "../prometheus/rate-queries.ts";
import { businessRunbook } from "../runbooks/business.ts";
import type { Alert, AlertScenarios } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import { fallingScenarios } from "./week-scenarios.ts";

/** Returns an alert for each counter of the app: it falls below its usual rate. */
export function businessAlerts(counters: readonly BusinessCounter[]): readonly Alert[] {
  return counters.map(counterAlert);
}

function counterAlert({ metric, title }: BusinessCounter): Alert {
  return {
    name: `${nameOf(metric)}Fall`,
    subject: "business",
    severity: "warning",
    meaning: `${title} within an hour, compared with the same hour of the last week.`,
    threshold: {
      value: 0.5,
      unit: "ratio",
      fires: "below",
      reason: "Half of the usual is rarely chance; set it to what yours varies by.",
    },
    window: "1h",
    for: "15m",
    by: ["job"],
    dependsOnCalendar: true,
    value: (context) => ratio(increase(metric, context), increase(metric, context, " offset 1w")),
    events: {
      minimum: 20,
      reason: "In the last week; rarer events have hours without any.",
      expr: (context) => increase(metric, context, " offset 1w"),
    },
    summary: `${title} of {{ $labels.job }} are at {{ $value | humanizePercentage }} of the last week's`,
    action: "Check whether users can do it: by hand, then by the errors of its routes",
    inhibitedBy: ["ServiceGone"],
    runbook: businessRunbook(metric),
    panel: `${title}, compared with the last week`,
    scenarios: (context): AlertScenarios => {
      const labels = { job: "shop", instance: "a" };
      return fallingScenarios(context, metric, labels);
    },
  };
}

function increase(metric: string, { series, window }: AlertContext, offset = ""): string {
  return `sum by (job) (increase(${series(metric)}[${window}]${offset}))`;
}

/** `shop_orders_total` is `ShopOrders`. */
function nameOf(metric: string): string {
  const words = metric.replace(/_total$/, "").split("_");
  return words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
}
