import type { Unit } from "../options/quantity.ts";
import type { Pairs } from "../prometheus/rule-file.ts";
import type { AlertContext, Severity } from "./alert-settings.ts";
import type { Scenario } from "./scenario.ts";

/** What an alert is about. Each subject is a group of rules, and has a dashboard. */
export type Subject =
  | "requests"
  | "errors"
  | "databases"
  | "caches"
  | "queues"
  | "dependencies"
  | "runtime"
  | "host"
  | "uptime"
  | "business"
  | "telemetry"
  | "deployments"
  | "slo";

/** The number with which the value is compared. */
export interface Threshold {
  readonly value: number;
  readonly unit: Unit;
  /** An alert fires while its value is above, or below, the threshold. */
  readonly fires: "above" | "below";
  /** Why it is this number. A comment in the file of rules. */
  readonly reason: string;
  /** Whether another number makes no sense, as for `up`. */
  readonly isFixed?: boolean;
}

/** A query to look at first. */
export interface RunbookQuery {
  readonly question: string;
  readonly expr: string;
}

/** A page for a person who was woken at night. */
export interface Runbook {
  /** What users notice. */
  readonly users: string;
  /** The first three. */
  readonly queries: readonly RunbookQuery[];
  /** Likely causes, the most frequent one first. */
  readonly causes: readonly string[];
  /** How to fix it, step by step. */
  readonly steps: readonly string[];
}

/** The situations in which an alert is tested, by promtool. */
export interface AlertScenarios {
  /** It fires at the end. */
  readonly fires: readonly Scenario[];
  /** It never fires: just below the threshold, or above it with fewer events than the minimum. */
  readonly silent: readonly Scenario[];
  /** It never fires without traffic, whether series exist or not. */
  readonly noTraffic: readonly Scenario[];
}

/** An alert: its rule, its texts, its runbook, its panel and its tests. */
export interface Alert {
  /** Unique, in the notation of Prometheus: `HighErrorRatio`. */
  readonly name: string;
  readonly subject: Subject;
  readonly severity: Severity;
  /** What it means, in one sentence. */
  readonly meaning: string;
  readonly threshold: Threshold;
  /** Undefined: the value is no rate, and has no window. */
  readonly window?: string;
  readonly for: string;
  /**
   * How long it goes on to fire when the condition has ended. For an alert that inhibits others:
   * until they have ended, too. Otherwise they would be sent after the cause is gone, because their
   * windows are longer. Undefined: not at all.
   */
  readonly keepFiringFor?: string;
  /** The number of events in the window, and the minimum of it. Undefined: each value counts. */
  readonly events?: {
    readonly minimum: number;
    readonly reason: string;
    /** PromQL with the labels of `by`. */
    readonly expr: (context: AlertContext) => string;
  };
  /** Labels of the result. */
  readonly by: readonly string[];
  /** PromQL of the value. */
  readonly value: (context: AlertContext) => string;
  /** In Prometheus' template language. `$value` is the value. */
  readonly summary: string;
  /** What to do first, in one sentence. */
  readonly action: string;
  /** Labels beside those of `by`. */
  readonly labels?: Pairs;
  /** Alerts of the same service by the same cause, which make this one needless while they fire. */
  readonly inhibitedBy?: readonly string[];
  /** Whether it compares weeks or fires at a time of the day. Such alerts have files of their own. */
  readonly dependsOnCalendar?: true;
  readonly runbook: Runbook;
  /** The title of its panel, which draws the value and the threshold. */
  readonly panel: string;
  readonly scenarios: (context: AlertContext) => AlertScenarios;
}
