import type { OpsOptions } from "../options/ops-options.ts";
import { type Matcher, selector } from "../prometheus/promql.ts";
import { serviceMatchers } from "../prometheus/service-selection.ts";
import type { Alert } from "./alert.ts";
import type { AlertContext } from "./alert-settings.ts";

/** Returns what PromQL and texts of an alert are made of, with the settings of the options. */
export function contextOf(alert: Alert, options: OpsOptions): AlertContext {
  const changes = options.alerts.get(alert.name);
  const services = serviceMatchers(options.services);
  return {
    severity: changes?.severity ?? alert.severity,
    threshold: changes?.threshold ?? alert.threshold.value,
    window: changes?.window ?? alert.window ?? "5m",
    for: changes?.for ?? alert.for,
    keepFiringFor: changes?.keepFiringFor ?? alert.keepFiringFor ?? "0s",
    minimum: changes?.minimum ?? alert.events?.minimum ?? 0,
    series: (metric: string, ...matchers: readonly Matcher[]) =>
      selector(metric, [...services, ...matchers]),
  };
}
