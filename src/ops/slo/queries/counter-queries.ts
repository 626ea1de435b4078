import { type Matcher, selector, type SeriesSelector } from "../../prometheus/promql.ts";
import type { CounterSelection } from "../objective.ts";
import { type EventQueries, serviceMatchers } from "./query.ts";

/** Returns the queries of counters of the app. */
export function counterQueries(selection: CounterSelection): EventQueries {
  const all = increase(selection, selection.total);
  const part = [increase(selection, selection.part), `or 0 * ${all}`];
  const failed = selection.isGood
    ? ["clamp_min(", `  ${all}`, `  - (${part.join(" ")}),`, "  0", ")"]
    : part;
  return {
    events: { expr: all, comment: [`All events within 5 minutes: ${selection.total.name}.`] },
    failedEvents: {
      expr: failed.join("\n"),
      comment: [
        selection.isGood
          ? `All events without the good ones, ${selection.part.name}.`
          : `Failed events within 5 minutes: ${selection.part.name}.`,
        "A series that does not exist yet is none, and not unknown: hence the zero.",
      ],
    },
  };
}

/** Returns the labels by which counters have several budgets. */
export function counterLabels({ by }: CounterSelection): readonly string[] {
  return ["job", ...by];
}

function increase(selection: CounterSelection, { name, matchers }: SeriesSelector): string {
  const { service, by } = selection;
  const labelled = by
    .filter((label) => !matchers.some(([matched]) => matched === label))
    .map((label): Matcher => [label, "!=", ""]);
  const series = selector(name, [...serviceMatchers(service), ...matchers, ...labelled]);
  return `sum by (${counterLabels(selection).join(", ")}) (increase(${series}[5m]))`;
}
