/** The requests that an objective is about. */
export interface RequestSelection {
  /** The service's name, which is the label `job`, or its end after a slash. Undefined: each job by itself. */
  readonly service?: string;
  /** Each route has a budget of its own. Empty: all requests together, or by `byRoute`. */
  readonly routes: readonly string[];
  /** Whether every route has a budget of its own. */
  readonly byRoute: boolean;
}

/** What makes a request fail the objective. */
export type Indicator =
  | { readonly kind: "availability" }
  | {
      readonly kind: "latency";
      /** In seconds. A boundary of the buckets of `http.server.request.duration`. */
      readonly thresholdSeconds: number;
    };

/** An objective for the requests of 30 days. */
export interface Objective {
  /** Begins the names of the objective. */
  readonly name: string;
  /** Good requests, in percent. */
  readonly percent: number;
  readonly indicator: Indicator;
  readonly selection: RequestSelection;
  /** Fewer events in the long window of an alert never fire it. */
  readonly minEvents: number;
}

/** Returns the name of the service in labels. */
export function serviceOf({ selection }: Objective): string {
  return selection.service ?? "all";
}

/** Returns the name of an objective of its service. */
export function nameOf({ name, indicator }: Objective): string {
  return `${name}-${indicator.kind}`;
}

/** Returns the id of an objective. */
export function idOf(objective: Objective): string {
  return `${serviceOf(objective).replaceAll("/", "-")}-${nameOf(objective)}`;
}

/** Returns the part of the requests that may fail, without the noise of binary fractions. */
export function budgetOf({ percent }: Objective): number {
  return tidy((100 - percent) / 100);
}

/** Removes the noise of binary fractions: 0.0010000000000000009 is 0.001. */
export function tidy(value: number): number {
  return Number(value.toPrecision(9));
}
