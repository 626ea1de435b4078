import { AsyncLocalStorage } from "node:async_hooks";
import type { SendAlert } from "../api.ts";
import type { AlertReceiver } from "../config/config.ts";
import type { Pipeline } from "../export/pipeline.ts";
import { lazy } from "../lazy.ts";
import type { Alerts, AlertsDeps } from "./alerts.ts";

const loadAlerts = lazy<typeof import("./alerts.ts")>("alerts/alerts.ts");

/** The alerts of the app. What sends them is loaded at the first one. */
export interface LazyAlerts extends Pipeline {
  /** Never throws. */
  readonly send: SendAlert;
  hasUnsent(): boolean;
}

/** @param receiver undefined: no alert is sent. */
export function createLazyAlerts(
  receiver: AlertReceiver | undefined,
  deps: Omit<AlertsDeps, "receiver" | "outside">,
): LazyAlerts {
  const outside = AsyncLocalStorage.snapshot();
  let alerts: Alerts | undefined;
  return {
    send(message, options) {
      if (receiver === undefined) return;
      try {
        alerts ??= new (loadAlerts().Alerts)({ ...deps, receiver, outside });
        alerts.add(message, options);
      } catch (error) {
        deps.diagnostics.error("alert", `an alert was not sent: ${String(error)}`);
      }
    },
    hasUnsent: () => alerts?.hasUnsent === true,
    flush: async (timeoutMs) => alerts?.flush(timeoutMs),
    drainForExit: () => alerts?.drainForExit() ?? [],
  };
}
