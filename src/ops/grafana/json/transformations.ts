import type * as classic from "@grafana/grafana-foundation-sdk/dashboard";
import type { Panel } from "../dashboard.ts";
import type { Plain } from "./plain.ts";
import { refIdOf } from "./query.ts";

/**
 * Returns the transformations of a table: its queries are merged to rows by their labels, each
 * value is a column with the name of its query, and the time is left out.
 */
export function transformationsOf({
  view,
  queries,
}: Panel): readonly Plain<classic.DataTransformerConfig>[] {
  if (view !== "table") return [];
  const names = queries.map(({ legend }, index) => [
    queries.length === 1 ? "Value" : `Value #${refIdOf(index)}`,
    legend,
  ]);
  return [
    { id: "merge", options: {} },
    {
      id: "organize",
      options: {
        excludeByName: { Time: true },
        indexByName: {},
        renameByName: Object.fromEntries(names) as Readonly<Record<string, string>>,
      },
    },
  ];
}
