import type * as units from "@grafana/grafana-foundation-sdk/units";
import type { PanelUnit } from "./dashboard.ts";

type GrafanaUnit = Extract<(typeof units)[keyof typeof units], string>;

/** Grafana's id of each unit. */
export const grafanaUnits: Readonly<Record<PanelUnit, GrafanaUnit>> = {
  ratio: "percentunit",
  seconds: "s",
  bytes: "bytes",
  number: "short",
  "bytes per second": "binBps",
  "events per second": "cps",
  "requests per second": "reqps",
  date: "dateTimeAsIso",
};
