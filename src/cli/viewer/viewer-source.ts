import type {
  Comparison,
  MetricSeries,
  Page,
  ProfileDetail,
  RouteSummary,
  Run,
  UnitDetail,
  UnitSummary,
} from "../../viewer/model.ts";
import type { ComparisonQuery } from "../../viewer/comparison/compare-stored.ts";
import type { OtlpExport, UnitFilter, UnitQuery } from "../../viewer/viewer-store.ts";
import type { OtlpSignal } from "../../otlp/decode.ts";

/** Where the commands read: a running viewer, or its history. */
export interface ViewerSource {
  /** For the answer: `viewer http://localhost:9465`, `history .telltale/history.db`. */
  readonly description: string;
  units(query: UnitQuery): Promise<Page<UnitSummary>>;
  /** @returns undefined if there is no such request. */
  unit(id: string): Promise<UnitDetail | undefined>;
  routes(filter: UnitFilter): Promise<readonly RouteSummary[]>;
  runs(): Promise<readonly Run[]>;
  metrics(): Promise<readonly MetricSeries[]>;
  profile(id: string): Promise<ProfileDetail | undefined>;
  /** @throws SourceError if a side is unknown. */
  compare(query: ComparisonQuery): Promise<Comparison>;
  /** @throws SourceError if the run is unknown. */
  setBaseline(run: string, name: string | undefined): Promise<void>;
  /** @throws SourceError if the request is unknown. */
  pin(id: string, pinned: boolean): Promise<void>;
  /** Asks the apps to profile their next request of a route. @returns the number of apps that were asked. */
  profileNext(name: string | undefined, kind: "cpu" | "allocation"): Promise<number>;
  export(signal: OtlpSignal, filter: UnitFilter): Promise<object>;
  /** @returns the number of items that were rejected. */
  import(content: OtlpExport): Promise<number>;
  close(): void;
}

/** A problem that is reported in one line; the exit code is 2. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}
