import type { Unit } from "../options/quantity.ts";

/** The dashboards, by their uid in Grafana without the prefix. It is in links, and never changes. */
export type DashboardName =
  | "operations"
  | "application"
  | "errors"
  | "databases"
  | "caches"
  | "queues"
  | "runtime"
  | "slo"
  | "business"
  | "telemetry"
  | "logs";

/** A dashboard, from which both forms of JSON are rendered. */
export interface Dashboard {
  readonly name: DashboardName;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A value that users select at the top of a dashboard, `$name` in queries. */
export type Variable =
  | {
      readonly kind: "data source";
      readonly name: string;
      readonly label: string;
      /** The type of the data source in Grafana. */
      readonly plugin: string;
    }
  | {
      readonly kind: "label";
      readonly name: string;
      readonly label: string;
      /** PromQL or LogQL of the series that have the label. */
      readonly query: string;
      /** What is selected by "All". Undefined: all values that the query returns. */
      readonly all?: string;
      /** Takes the value from the label by its first group. */
      readonly regex?: string;
      readonly isHidden?: boolean;
    }
  | { readonly kind: "text"; readonly name: string; readonly label: string };

/** The unit of an axis: one of the options, or of Grafana's. */
export type PanelUnit =
  | Unit
  | "bytes per second"
  | "events per second"
  | "requests per second"
  | "date";

/** A question, and where its answer comes from. */
export interface Query {
  readonly source: "prometheus" | "logs";
  /** PromQL, or the language of the store of logs. */
  readonly expr: string;
  /** With labels in double braces. In a table, the title of the column. */
  readonly legend: string;
  /** Whether points link to example traces. */
  readonly hasExemplars?: boolean;
  /** The unit of the column of a table, if it is not that of the panel. */
  readonly unit?: PanelUnit;
}

/** A line at a number, beyond which an alert fires. */
export interface ThresholdLine {
  readonly value: number;
  readonly fires: "above" | "below";
}

export interface PanelLink {
  readonly title: string;
  readonly url: string;
}

export interface Panel {
  readonly title: string;
  /** What it shows, and what is unusual. Markdown. */
  readonly description: string;
  readonly view: "timeseries" | "stat" | "table" | "logs";
  readonly unit: PanelUnit;
  readonly queries: readonly [Query, ...Query[]];
  /** Of the grid's 24 columns. */
  readonly width?: number;
  readonly isStacked?: boolean;
  readonly threshold?: ThresholdLine;
  readonly links?: readonly PanelLink[];
  /** The name of the alert whose value it draws. */
  readonly alert?: string;
  /** Why it has no data in some services, although all is well. */
  readonly silent?: { readonly reason: string };
  /** What a number without data means. */
  readonly noValue?: string;
}
