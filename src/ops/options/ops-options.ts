import type { AlertOptions } from "./alert-options.ts";
import type { BusinessCounter } from "./business-options.ts";
import { defaultGrafanaOptions, type GrafanaOptions } from "./grafana-options.ts";
import { type AlertmanagerOptions, defaultAlertmanagerOptions } from "./receiver-options.ts";
import { defaultKubernetesOptions, type KubernetesOptions } from "./kubernetes-options.ts";
import type { LinkOptions } from "./link-options.ts";
import { defaultLogOptions, type LogOptions } from "./log-options.ts";
import { defaultObjectives } from "../slo/files/section.ts";
import type { Objective } from "../slo/objective.ts";
import {
  defaultScrapeOptions,
  defaultUptimeOptions,
  type ScrapeOptions,
  type UptimeOptions,
} from "./scrape-options.ts";
import type { ServiceOptions } from "./service-options.ts";

/** Options of all generators, complete. */
export interface OpsOptions {
  /** Empty: all services whose metrics are there. */
  readonly services: readonly ServiceOptions[];
  /** Who gets the alerts of services without a team of their own. */
  readonly team: string;
  /** How to reach each team, for the runbooks. */
  readonly contacts: ReadonlyMap<string, string>;
  readonly links: LinkOptions;
  readonly logs: LogOptions;
  /** Changes by the name of the alert. */
  readonly alerts: ReadonlyMap<string, AlertOptions>;
  readonly objectives: readonly Objective[];
  readonly scrape: ScrapeOptions;
  readonly uptime: UptimeOptions;
  readonly kubernetes: KubernetesOptions;
  readonly alertmanager: AlertmanagerOptions;
  readonly grafana: GrafanaOptions;
  /** Counters of the app, each of which has panels. */
  readonly business: readonly BusinessCounter[];
}

/** The options without a file. */
export const defaultOptions: OpsOptions = {
  services: [],
  team: "operations",
  contacts: new Map(),
  links: {},
  logs: defaultLogOptions,
  alerts: new Map(),
  // Half a second is one of the boundaries of each service whose buckets are not changed.
  objectives: defaultObjectives([0.5]),
  scrape: defaultScrapeOptions,
  uptime: defaultUptimeOptions,
  kubernetes: defaultKubernetesOptions,
  alertmanager: defaultAlertmanagerOptions,
  grafana: defaultGrafanaOptions,
  business: [],
};
