import type { SeriesSelector } from "../prometheus/promql.ts";
import type { Pairs } from "../prometheus/rule-file.ts";

/** The requests that an objective is about. */
export interface RequestSelection {
  /** The service's name, which is the label `job`, or its end after a slash. Undefined: each job by itself. */
  readonly service?: string;
  /** Each route has a budget of its own. Empty: all requests together, or by `byRoute`. */
  readonly routes: readonly string[];
  /** Whether every route has a budget of its own. */
  readonly byRoute: boolean;
}

/** The events that counters of the app count. */
export interface CounterSelection {
  /** As in {@link RequestSelection}. */
  readonly service?: string;
  readonly total: SeriesSelector;
  /** The part of the events that failed, or that were good. */
  readonly part: SeriesSelector;
  readonly isGood: boolean;
  /** Each combination of these labels has a budget of its own, in each job. */
  readonly by: readonly string[];
}

/** PromQL with the window that it is for, such as `5m`. */
export type WindowQuery = (window: string) => string;

/** How a good value relates to the threshold. */
export type Comparison = "<=" | "<" | ">=" | ">";

/** What makes an event fail the objective: a request, or a minute for the kinds that are measured in time. */
export type Indicator =
  | { readonly kind: "availability"; readonly selection: RequestSelection }
  | {
      readonly kind: "latency";
      readonly selection: RequestSelection;
      /** In seconds. A boundary of the buckets of `http.server.request.duration`. */
      readonly thresholdSeconds: number;
    }
  | { readonly kind: "counters"; readonly selection: CounterSelection }
  | {
      /** A minute fails if the last success of the job is too long ago. */
      readonly kind: "job";
      readonly job: string;
      readonly service?: string;
      readonly maxAgeSeconds: number;
    }
  | {
      /** A minute fails if the oldest message waits for too long. */
      readonly kind: "queue";
      readonly queue: string;
      readonly service?: string;
      readonly maxAgeSeconds: number;
    }
  | {
      /** A minute fails if the value of the query does not compare to the threshold as it has to. */
      readonly kind: "threshold";
      readonly query: string;
      readonly comparison: Comparison;
      readonly value: number;
    }
  | {
      readonly kind: "events";
      readonly failed: WindowQuery;
      readonly total: WindowQuery;
      /** Whether the queries are events per second, by `rate`, and not numbers, by `increase`. */
      readonly perSecond: boolean;
    }
  | {
      /** A ratio, whose number of events is not known. */
      readonly kind: "ratio";
      readonly failedRatio: WindowQuery;
    };

/** What a file of objectives changes in an alert. */
export interface AlertChanges {
  /** Undefined: the name of the alert. */
  readonly name: string | undefined;
  readonly labels: Pairs;
  readonly annotations: Pairs;
  readonly isDisabled: boolean;
}

/** An alert of a file of objectives, with one window. */
export interface WindowAlert {
  readonly name: string;
  /** The label `severity`. */
  readonly severity: string;
  /** How many times as fast as would use the budget up exactly at the end of the period. */
  readonly factor: number;
  readonly comparison: ">=" | ">";
  /** In PromQL's notation, such as `1h`. */
  readonly window: string;
  /** How long it has to be true, such as `5m`. */
  readonly for?: string;
  readonly labels: Pairs;
}

/** The lengths of periods, in days. */
export type PeriodDays = 28 | 30;

/** An objective for the events of a rolling period. */
export interface Objective {
  readonly service: string;
  /** Unique in its service. */
  readonly name: string;
  /** Good events, in percent. */
  readonly percent: number;
  readonly periodDays: PeriodDays;
  readonly indicator: Indicator;
  /** Fewer events in the long window of an alert never fire it. */
  readonly minEvents: number;
  /** More labels of each recorded ratio and alert. */
  readonly labels?: Pairs;
  readonly alerts?: Readonly<Record<"page" | "ticket", AlertChanges>>;
  /** Take the place of the alerts. */
  readonly windowAlerts?: readonly WindowAlert[];
}

/** What a file of objectives may leave open. */
export type ObjectiveDefaults = Pick<Objective, "minEvents" | "periodDays">;

/** Returns the id of an objective. */
export function idOf({ service, name }: Objective): string {
  return `${service.replaceAll("/", "-")}-${name}`;
}

/** Returns the part of the events that may fail, without the noise of binary fractions. */
export function budgetOf({ percent }: Objective): number {
  return tidy((100 - percent) / 100);
}

/** Removes the noise of binary fractions: 0.0010000000000000009 is 0.001. */
export function tidy(value: number): number {
  return Number(value.toPrecision(9));
}
