import type { BusinessCounter } from "../options/business-options.ts";
import type { OpsOptions } from "../options/ops-options.ts";
import type { Alert } from "./alert.ts";
import { businessAlerts } from "./business.ts";
import { cacheAlerts } from "./caches.ts";
import { databaseAlerts } from "./databases.ts";
import { dependencyAlerts } from "./dependencies.ts";
import { deploymentAlerts } from "./deployments.ts";
import { errorAlerts } from "./errors.ts";
import { hostAlerts } from "./host.ts";
import { queueAlerts } from "./queues.ts";
import { requestAlerts } from "./requests.ts";
import { runtimeAlerts } from "./runtime.ts";
import { telemetryAlerts } from "./telemetry.ts";
import { uptimeAlerts } from "./uptime.ts";

/** All alerts that need no options, by subject. Their order is that of the files. */
export const commonAlerts: readonly Alert[] = [
  ...uptimeAlerts,
  ...requestAlerts,
  ...errorAlerts,
  ...databaseAlerts,
  ...cacheAlerts,
  ...queueAlerts,
  ...dependencyAlerts,
  ...runtimeAlerts,
  ...hostAlerts,
  ...telemetryAlerts,
  ...deploymentAlerts,
];

/** Returns the alerts that the options can change: those of all, and those of the app's counters. */
export function knownAlerts(counters: readonly BusinessCounter[]): readonly Alert[] {
  return [...commonAlerts, ...businessAlerts(counters)];
}

/** Returns the alerts that the options select. */
export function alertsOf(options: OpsOptions): readonly Alert[] {
  return knownAlerts(options.business).filter(
    ({ name }) => options.alerts.get(name)?.isEnabled !== false,
  );
}
