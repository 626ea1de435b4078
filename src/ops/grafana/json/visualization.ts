import type * as common from "@grafana/grafana-foundation-sdk/common";
import type * as classic from "@grafana/grafana-foundation-sdk/dashboard";
import type * as v2 from "@grafana/grafana-foundation-sdk/dashboardv2";
import type * as logs from "@grafana/grafana-foundation-sdk/logs";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { Panel, ThresholdLine } from "../dashboard.ts";
import { grafanaUnits } from "../units.ts";
import type { Plain } from "./plain.ts";

/** How a panel draws its data. Both forms of JSON have the same options and fields. */
export interface Visualization {
  readonly options:
    | Plain<timeseries.Options>
    | Plain<stat.Options>
    | Plain<table.Options>
    | Plain<logs.Options>;
  readonly fieldConfig: Plain<classic.FieldConfigSource> & Plain<v2.FieldConfigSource>;
}

/** Returns the visualization of a panel. */
export function visualizationOf(panel: Panel): Visualization {
  return { options: optionsOf(panel), fieldConfig: fieldConfigOf(panel) };
}

function optionsOf({ view }: Panel): Visualization["options"] {
  switch (view) {
    case "timeseries":
      return timeseriesOptions;
    case "stat":
      return statOptions;
    case "table":
      return tableOptions;
    case "logs":
      return logsOptions;
  }
}

const timeseriesOptions: Plain<timeseries.Options> = {
  legend: {
    displayMode: "table",
    placement: "bottom",
    showLegend: true,
    calcs: ["lastNotNull", "max"],
  },
  tooltip: { mode: "multi", sort: "desc" },
};

const statOptions: Plain<stat.Options> = {
  graphMode: "area",
  colorMode: "value",
  justifyMode: "auto",
  textMode: "auto",
  wideLayout: true,
  showPercentChange: false,
  reduceOptions: { calcs: ["lastNotNull"], values: false },
  percentChangeColorMode: "standard",
  orientation: "auto",
};

const tableOptions: Plain<table.Options> = { frameIndex: 0, showHeader: true };

const logsOptions: Plain<logs.Options> = {
  showLabels: false,
  showCommonLabels: false,
  showTime: true,
  showLogContextToggle: false,
  wrapLogMessage: true,
  prettifyLogMessage: false,
  enableLogDetails: true,
  sortOrder: "Descending",
  dedupStrategy: "none",
};

function fieldConfigOf(panel: Panel): Visualization["fieldConfig"] {
  const { unit, threshold, noValue } = panel;
  return {
    defaults: {
      unit: grafanaUnits[unit],
      color: { mode: "palette-classic" },
      ...(threshold !== undefined && { thresholds: thresholdsOf(threshold) }),
      ...(noValue !== undefined && { noValue }),
      custom: panel.view === "timeseries" ? curves(panel) : {},
    },
    overrides: panel.view === "table" ? columnUnits(panel) : [],
  };
}

function thresholdsOf({ value, fires }: ThresholdLine): Plain<classic.ThresholdsConfig> {
  const [below, above] = fires === "above" ? ["green", "red"] : ["red", "green"];
  return {
    mode: "absolute",
    steps: [
      { value: null, color: below },
      { value, color: above },
    ],
  };
}

function curves({ isStacked, threshold }: Panel): Plain<common.GraphFieldConfig> {
  return {
    drawStyle: "line",
    lineWidth: 1,
    fillOpacity: isStacked === true ? 20 : 0,
    showPoints: "auto",
    // A gap is a gap: a line over it would show values that were not measured.
    spanNulls: false,
    stacking: { mode: isStacked === true ? "normal" : "none" },
    axisSoftMin: 0,
    ...(threshold !== undefined && {
      thresholdsStyle: { mode: "line" },
      // The line is in sight, however low the values are.
      axisSoftMax: threshold.value * 1.1,
    }),
  };
}

/** Several queries are merged to one table, in which each is a column. */
function columnUnits({ queries }: Panel): Visualization["fieldConfig"]["overrides"] {
  return queries.flatMap(({ legend, unit }) =>
    unit === undefined
      ? []
      : [
          {
            matcher: { id: "byName", options: legend },
            properties: [{ id: "unit", value: grafanaUnits[unit] }],
          },
        ],
  );
}
