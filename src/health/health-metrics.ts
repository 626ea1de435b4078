import type { Meter } from "@opentelemetry/api";
import type { CheckReport } from "./run-check.ts";

/** What the metrics show. Nothing of it runs a check. */
export interface ObservableHealth {
  readonly isReady: boolean;
  checks(): Iterable<{
    readonly name: string;
    readonly critical: boolean;
    readonly last: CheckReport | undefined;
  }>;
}

/** Observes readiness and the last result of each check of the app, as 1 or 0. */
export function observeHealth(meter: Meter, health: ObservableHealth): void {
  meter
    .createObservableGauge("telltale.health.ready", {
      description: "Whether the process is ready for traffic: 1, or 0 if /readyz fails.",
      unit: "{process}",
    })
    .addCallback((result) => result.observe(health.isReady ? 1 : 0));
  meter
    .createObservableGauge("telltale.health.check.passing", {
      description:
        "Whether the last run of a health check of the app passed: 1, or 0 if it failed.",
      unit: "{check}",
    })
    .addCallback((result) => {
      for (const { name, critical, last } of health.checks()) {
        if (last === undefined) continue;
        result.observe(last.status === "fail" ? 0 : 1, {
          "telltale.health.check.name": name,
          "telltale.health.check.critical": critical,
        });
      }
    });
}
