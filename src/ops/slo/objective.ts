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

/** PromQL with the window that it is for, such as `5m`. */
export type WindowQuery = (window: string) => string;

/** What makes an event, or a request, fail the objective. */
export type Indicator =
  | { readonly kind: "availability"; readonly selection: RequestSelection }
  | {
      readonly kind: "latency";
      readonly selection: RequestSelection;
      /** In seconds. A boundary of the buckets of `http.server.request.duration`. */
      readonly thresholdSeconds: number;
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

/** An objective for the events of 30 days. */
export interface Objective {
  readonly service: string;
  /** Unique in its service. */
  readonly name: string;
  /** Good events, in percent. */
  readonly percent: number;
  readonly indicator: Indicator;
  /** Fewer events in the long window of an alert never fire it. */
  readonly minEvents: number;
  /** More labels of each recorded ratio and alert. */
  readonly labels?: Pairs;
  readonly alerts?: Readonly<Record<"page" | "ticket", AlertChanges>>;
}

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
