import type { OtlpSignal } from "../otlp/decode.ts";
import type { JsonObject } from "../otlp/protobuf.ts";
import type {
  LogDetail,
  MetricSeries,
  Page,
  ProfileSummary,
  RouteSummary,
  Run,
  UnitDetail,
  UnitKind,
  UnitSummary,
  ViewerEvent,
  ViewerStatus,
} from "./model.ts";

/*
 * What the server and the commands need of the store (`store/`). Nothing here throws for
 * an id that is unknown: it returns undefined or false.
 */

/** Conditions of a list; undefined: any. */
export interface UnitFilter {
  /** Text in the name, the path or the service. */
  readonly text?: string | undefined;
  /** The whole name: `GET /orders/:id`. */
  readonly name?: string | undefined;
  /** A status (`404`) or a class (`5xx`). */
  readonly status?: string | undefined;
  readonly minMs?: number | undefined;
  readonly maxMs?: number | undefined;
  /** Each must be on one of the spans. */
  readonly attributes?: readonly { readonly key: string; readonly value: string }[] | undefined;
  readonly service?: string | undefined;
  /** An id, the name of a baseline, `current` or `previous`. */
  readonly run?: string | undefined;
  readonly kind?: UnitKind | undefined;
  readonly failed?: boolean | undefined;
  readonly nPlusOne?: boolean | undefined;
  /** Whether health checks and assets are included; default: no. */
  readonly noise?: boolean | undefined;
}

export interface UnitQuery extends UnitFilter {
  readonly sort?: "start" | "duration" | "queries" | "queryMs" | undefined;
  readonly order?: "asc" | "desc" | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface LogQuery {
  readonly text?: string | undefined;
  /** The lowest level: `warn`. */
  readonly level?: string | undefined;
  readonly service?: string | undefined;
  readonly traceId?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A profile as the app sends it. */
export interface NewProfile {
  readonly kind: ProfileSummary["kind"];
  readonly service: string;
  /** The name of its unit of work. */
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly start: number;
  readonly durationMs: number;
  readonly overlapping: number;
  readonly samples: number;
  /** What `profiles/` makes its detail of, beside the summary. */
  readonly content: object;
}

export interface StoredProfile {
  readonly summary: ProfileSummary;
  readonly content: object;
}

/** OTLP JSON of each signal; a signal without items is undefined. */
export type OtlpExport = Readonly<Partial<Record<OtlpSignal, JsonObject>>>;

export type StoreStatus = Pick<ViewerStatus, "services" | "history">;

export interface ViewerStore {
  /**
   * Adds an export of an app, in the format of OTLP's JSON.
   *
   * @returns the number of items that were rejected.
   * @throws if it is malformed.
   */
  add(signal: OtlpSignal, request: JsonObject): number;
  /**
   * Adds an export that may have been added before: what the history has is not added again.
   *
   * @returns the number of items that were rejected.
   */
  import(signal: OtlpSignal, request: JsonObject): number;
  addProfile(profile: NewProfile): ProfileSummary;

  units(query: UnitQuery): Page<UnitSummary>;
  /** @param id a short id, a span id or a trace id. */
  unit(id: string): UnitDetail | undefined;
  routes(filter: UnitFilter): readonly RouteSummary[];
  logs(query: LogQuery): Page<LogDetail>;
  metrics(service: string | undefined): readonly MetricSeries[];
  runs(): readonly Run[];
  profile(id: string): StoredProfile | undefined;
  status(): StoreStatus;

  /** Exports the traces and logs of one unit of work. */
  exportUnit(id: string): OtlpExport | undefined;
  /** @throws ExportSizeError if that is more than one request can have. */
  export(signal: OtlpSignal, filter: UnitFilter): JsonObject;

  /** @returns false if the unit is unknown. */
  pin(id: string, pinned: boolean): boolean;
  /** @returns false if the run is unknown. */
  setBaseline(run: string, name: string | undefined): boolean;
  /** Removes all but pinned units. */
  clear(): void;

  /** Calls the listener with each event from now on, and returns what ends that. */
  subscribe(listener: (event: ViewerEvent) => void): () => void;
  close(): void;
}
