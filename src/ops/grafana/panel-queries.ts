import type { OpsOptions } from "../options/ops-options.ts";
import type { Query } from "./dashboard.ts";
import { dashboardsOf } from "./dashboards.ts";

/** A query of a panel, to ask a server for its data. */
export interface PanelQuery {
  readonly dashboard: string;
  readonly panel: string;
  readonly source: Query["source"];
  /** With Grafana's variables: `$job`, `$instance`, `$__rate_interval`, `$__range`. */
  readonly expr: string;
  /** Why it may have no data although all is well. Undefined: it always has. */
  readonly silentReason?: string;
}

/** Returns all queries of all panels. */
export function panelQueries(options: OpsOptions): readonly PanelQuery[] {
  return dashboardsOf(options).flatMap((dashboard) =>
    dashboard.rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries, silent }) =>
        queries.map(({ source, expr }) => ({
          ...{ dashboard: dashboard.title, panel: title, source, expr },
          ...(silent !== undefined && { silentReason: silent.reason }),
        })),
      ),
    ),
  );
}
