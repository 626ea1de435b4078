import type { ServiceOptions } from "../options/service-options.ts";
import { escapeRegex, type Matcher } from "./promql.ts";

/**
 * Returns a matcher of the label `job` for services by their names. Behind a Collector,
 * `job` is `namespace/name`. Empty: all services.
 */
export function serviceMatchers(services: readonly ServiceOptions[]): readonly Matcher[] {
  if (services.length === 0) return [];
  return [["job", "=~", jobPattern(services)]];
}

/** Returns a regular expression of `job`, which Prometheus anchors at both ends. */
export function jobPattern(services: readonly ServiceOptions[]): string {
  const names = services.map(({ name }) => escapeRegex(name)).join("|");
  return services.length === 1 ? `(.+/)?${names}` : `(.+/)?(${names})`;
}
