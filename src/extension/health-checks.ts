import type { HealthCheck } from "../api.ts";
import { propertyOf } from "../property.ts";
import type { ExtensionReport } from "./report.ts";
import { kindOf } from "./values.ts";

/** Registers the checks of an object, by their names. */
export function registerHealthChecks(
  checks: object,
  health: { register(check: HealthCheck): unknown },
  report: ExtensionReport,
): void {
  for (const name of Object.keys(checks)) {
    const value = propertyOf(checks, name);
    if (typeof value === "function") health.register({ name, run: value as HealthCheck["run"] });
    else if (typeof propertyOf(value, "run") === "function")
      health.register({ ...(value as HealthCheck), name });
    else
      report.invalid(
        `healthChecks.${name.slice(0, 60)}`,
        kindOf(value),
        "a function, or an object with run",
        "it is left out",
      );
  }
}
