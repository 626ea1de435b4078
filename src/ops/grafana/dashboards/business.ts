import type { BusinessCounter } from "../../options/business-options.ts";
import type { OpsOptions } from "../../options/ops-options.ts";
import { rateBy } from "../../prometheus/rate-queries.ts";
import type { Dashboard, Panel, Row } from "../dashboard.ts";
import { line, lineWithTraces, partOf, percentile } from "../queries.ts";
import { inRange, selected } from "../selection.ts";
import { serviceVariables } from "../variables.ts";

const OPERATIONS = "telltale_operation_duration_seconds";
const byOperation = ["job", "telltale_operation_name"];
const OPERATION = "{{job}} {{telltale_operation_name}}";

/** Counters of the app, as the options name them, and its operations. */
export function businessDashboard(options: OpsOptions): Dashboard {
  return {
    name: "business",
    title: "Business metrics",
    description: "Counters of the app that are named in telltale.ops.yaml, and its operations.",
    variables: serviceVariables(options),
    rows: [...options.business.map(counterRow), operationRow],
  };
}

function counterRow({ metric, title, by }: BusinessCounter): Row {
  const legend = by.length === 0 ? title : by.map((label) => `{{${label}}}`).join(" ");
  const sum = by.length === 0 ? "sum" : `sum by (${by.join(", ")})`;
  const rate = (offset: string): string =>
    `sum(rate(${selected.series(metric)}[${selected.window}]${offset}))`;
  const silent = { reason: "The app has not counted anything yet." };
  return {
    title,
    panels: [
      {
        title: `${title} a minute`,
        description: `${metric}, events per minute.`,
        view: "timeseries",
        unit: "number",
        queries: [
          line(`${sum} (rate(${selected.series(metric)}[${selected.window}])) * 60`, legend),
        ],
        silent,
      },
      {
        title: `${title} in the time range`,
        description: `${metric}, events within the time range.`,
        view: "stat",
        unit: "number",
        queries: [line(`${sum} (increase(${inRange.series(metric)}[${inRange.window}]))`, legend)],
        silent,
      },
      {
        title: `${title} compared with last week`,
        description: `${metric}, compared with the rate a week ago: 100% is the same.`,
        view: "timeseries",
        unit: "ratio",
        queries: [line(partOf(rate(""), `(${rate(" offset 1w")} > 0)`), title)],
        silent: { reason: "The app counted nothing a week ago." },
      },
    ],
  };
}

const noOperations: Pick<Panel, "silent"> = {
  silent: { reason: "The app measures no operations (time, logPerformance)." },
};

const operationRow: Row = {
  title: "Operations",
  panels: [
    {
      title: "Operations by name",
      description: "Operations of the app per second, failed ones included.",
      view: "timeseries",
      unit: "events per second",
      ...noOperations,
      queries: [line(rateBy(byOperation, `${OPERATIONS}_count`, selected), OPERATION)],
    },
    {
      title: "Duration of operations, p95",
      description: "95% of the operations take less. The points are example traces.",
      view: "timeseries",
      unit: "seconds",
      ...noOperations,
      queries: [lineWithTraces(percentile(0.95, byOperation, OPERATIONS, selected), OPERATION)],
    },
  ],
};
