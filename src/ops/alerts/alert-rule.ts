import type { OpsOptions } from "../options/ops-options.ts";
import { formatQuantity } from "../options/quantity.ts";
import type { AlertingRule, Pairs } from "../prometheus/rule-file.ts";
import type { Alert } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";
import { contextOf } from "./alert-context.ts";
import { linksOf } from "./alert-links.ts";
import { teamOf } from "./alert-team.ts";

/** Returns the rule of an alert. */
export function alertRule(alert: Alert, options: OpsOptions): AlertingRule {
  const context = contextOf(alert, options);
  return {
    alert: alert.name,
    comment: commentOf(alert, context),
    expr: conditionOf(alert, context),
    ...(context.for !== "0s" && { for: context.for }),
    ...(context.keepFiringFor !== "0s" && { keepFiringFor: context.keepFiringFor }),
    labels: labelsOf(alert, context, options),
    annotations: {
      summary: alert.summary,
      description: descriptionOf(alert, context),
      action: alert.action,
      ...linksOf(alert, options),
    },
  };
}

/** A threshold that can't be changed is part of the meaning. */
function descriptionOf(alert: Alert, context: AlertContext): string {
  if (alert.threshold.isFixed === true) return alert.meaning;
  return `${alert.meaning} The threshold is ${limitOf(alert, context)}.`;
}

/** Returns the comparison with the threshold, and with the minimum of events. */
export function conditionOf(alert: Alert, context: AlertContext): string {
  const operator = alert.threshold.fires === "above" ? ">" : "<";
  const comparison = `(\n${indent(alert.value(context))}\n) ${operator} ${plain(context.threshold)}`;
  if (alert.events === undefined || context.minimum === 0) return comparison;
  // Half an event less, since `increase` extrapolates.
  const minimum = plain(context.minimum - 0.5);
  return `${comparison}\nand\n(\n${indent(alert.events.expr(context))}\n) > ${minimum}`;
}

/** Returns the threshold of an alert with its unit, as it is written in the options. */
export function limitOf(alert: Alert, { threshold }: AlertContext): string {
  return formatQuantity(threshold, alert.threshold.unit);
}

function commentOf(alert: Alert, context: AlertContext): string[] {
  const { fires, reason } = alert.threshold;
  const lines = [
    alert.meaning,
    `Fires ${fires} ${limitOf(alert, context)}${context.for === "0s" ? "" : ` for ${context.for}`}: ${reason}`,
  ];
  if (alert.events !== undefined && context.minimum > 0)
    lines.push(`At least ${context.minimum} in ${context.window}: ${alert.events.reason}`);
  if (context.keepFiringFor !== "0s")
    lines.push(
      `Fires ${context.keepFiringFor} longer, since alerts of the same cause end later and would be sent then.`,
    );
  return lines;
}

function labelsOf(alert: Alert, { severity }: AlertContext, options: OpsOptions): Pairs {
  const hasJob = alert.by.includes("job");
  return {
    severity,
    ...(hasJob && { service: "{{ $labels.job }}" }),
    team: teamOf(options, hasJob),
    ...alert.labels,
    ...options.alerts.get(alert.name)?.labels,
  };
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

/** PromQL reads exponents, people don't. */
function plain(value: number): string {
  return Number(value.toPrecision(12)).toLocaleString("en", {
    useGrouping: false,
    maximumFractionDigits: 12,
  });
}
