import type { YamlPlace } from "../../yaml/yaml-map.ts";
import type { Matcher } from "../prometheus/promql.ts";

/** Series in which a name is looked up. */
export interface SeriesScope {
  /** Undefined: all metrics. */
  readonly metric?: string;
  /** The service whose series they are. Undefined: any. */
  readonly service?: string;
  readonly matchers?: readonly Matcher[];
}

/** What has to be in Prometheus. */
export type Lookup =
  /** A metric. */
  | { readonly kind: "metric" }
  /** A service: a value of the label `job`, or its end after a slash. */
  | { readonly kind: "service" }
  /** A label of the series. */
  | { readonly kind: "label"; readonly series: SeriesScope }
  /** A value of a label of the series. */
  | {
      readonly kind: "value";
      readonly label: string;
      readonly series: SeriesScope;
      /** It may be missing if nothing has a similar name: a failure that has not happened yet. */
      readonly mayBeMissing?: boolean;
    }
  /** Any series that a matcher of a label selects. */
  | { readonly kind: "matched"; readonly label: string; readonly series: SeriesScope }
  /** The result of a query, at any time of the last days. */
  | { readonly kind: "query"; readonly query: string };

/** A name in a file of options, which something in Prometheus has to have. */
export interface Reference {
  readonly place: YamlPlace;
  /** What has the name, for messages: `a route`. */
  readonly what: string;
  readonly name: string;
  readonly lookup: Lookup;
}
