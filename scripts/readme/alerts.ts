import { contextOf } from "../../src/ops/alerts/alert-context.ts";
import { limitOf } from "../../src/ops/alerts/alert-rule.ts";
import { alertsOf } from "../../src/ops/alerts/alerts.ts";
import { defaultOptions } from "../../src/ops/options/ops-options.ts";

/** Renders the table of alerts without options. */
export function alertsTable(): string {
  const lines = alertsOf(defaultOptions).map((alert) => {
    const context = contextOf(alert, defaultOptions);
    const { fires, isFixed } = alert.threshold;
    const minimum = context.minimum === 0 ? "" : `${context.minimum} in ${context.window}`;
    const limit = `${fires} ${limitOf(alert, context)}${isFixed === true ? " (fixed)" : ""}`;
    const cells = [
      `\`${alert.name}\``,
      context.severity,
      alert.meaning,
      limit,
      context.for,
      minimum,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const head = [
    "| Alert | Severity | Value | Fires | For | Minimum |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  return [...head, ...lines].join("\n");
}
