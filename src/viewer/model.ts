/*
 * The data of the viewer: what its API (`/api/`) answers, what its page shows and what
 * its commands print. Plain JSON. Times are in milliseconds: `start` since 1970, with
 * fractions; `offsetMs` since the start of the first span of a unit of work.
 */

/** What begins a unit of work: a request, a message of a queue, or a job. */
export type UnitKind = "request" | "message" | "job";

export type Severity = "info" | "warning" | "error";

/** A place in the source of the app. */
export interface SourcePlace {
  /** Absolute path on the machine of the app, or as the runtime reports it. */
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  readonly function?: string;
  /** Relative to the folder of the project, if it is inside. */
  readonly shown: string;
}

/** One start of a service, which is the unit of before and after. */
export interface Run {
  readonly id: string;
  readonly service: string;
  readonly start: number;
  readonly commit?: string;
  readonly branch?: string;
  /** Whether the work tree had changes that were not committed. */
  readonly dirty?: boolean;
  readonly nodeVersion?: string;
  readonly pid?: number;
  /** The name under which the run is kept as a baseline: `main`. */
  readonly baseline?: string;
  readonly requests: number;
}

/** Calls of a unit of work, on all services that took part. */
export interface Counts {
  readonly spans: number;
  readonly queries: number;
  /** Time in which at least one query was in progress. */
  readonly queryMs: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /** Requests to other services. */
  readonly calls: number;
  readonly callMs: number;
  readonly logs: number;
  readonly errors: number;
  /** Stalls of the event loop. */
  readonly stalls: number;
}

/** A row of the list. */
export interface UnitSummary {
  /** Short, stable and unique in the history: the first letters of the span id, at least 8. */
  readonly id: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly kind: UnitKind;
  readonly service: string;
  readonly run: string;
  /** Method and route, or the name of the job: `GET /orders/:id`. Groups and comparisons use it. */
  readonly name: string;
  readonly method?: string;
  readonly route?: string;
  /** Path as requested, secrets masked. */
  readonly path?: string;
  readonly status?: number;
  readonly start: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly counts: Counts;
  /** The highest severity of its repeated calls. */
  readonly repeated?: Severity;
  /** Whether one of its groups is an N+1. */
  readonly nPlusOne: boolean;
  /** Whether it is a health check or an asset, which the list hides by default. */
  readonly noise: boolean;
  readonly pinned: boolean;
  /** Ids of the profiles that were recorded of it. */
  readonly profiles: readonly string[];
}

/** All units of work of one name. */
export interface RouteSummary {
  readonly name: string;
  readonly kind: UnitKind;
  readonly service: string;
  readonly count: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** Averages per unit of work. */
  readonly queries: number;
  readonly queryMs: number;
  readonly nPlusOne: number;
  readonly lastStart: number;
}

export type SpanKindName = "internal" | "server" | "client" | "producer" | "consumer";

export type Attributes = Readonly<Record<string, unknown>>;

export interface SpanEvent {
  readonly name: string;
  readonly offsetMs: number;
  readonly attributes: Attributes;
}

/** A database query, a cache operation, or a command of another store. */
export interface QueryDetail {
  /** `postgresql`, `redis`. */
  readonly system: string;
  readonly text: string;
  /** The text without literals, by which queries are compared. */
  readonly fingerprint: string;
  /** By position or name; undefined if the library's adaptor can't read them. */
  readonly parameters?: readonly { readonly key: string; readonly value: string }[];
  readonly rows?: number;
  readonly operation?: string;
  readonly target?: string;
}

/** A row of the waterfall. */
export interface SpanDetail {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKindName;
  readonly offsetMs: number;
  readonly durationMs: number;
  /** The duration without the time of its children. */
  readonly selfMs: number;
  readonly depth: number;
  readonly failed: boolean;
  readonly statusMessage?: string;
  /** Whether the short view has it: entries, calls that leave the process, errors and slow parts. */
  readonly focused: boolean;
  readonly place?: SourcePlace;
  readonly query?: QueryDetail;
  readonly cache?: { readonly operation: string; readonly key?: string; readonly hit?: boolean };
  readonly call?: { readonly method: string; readonly url: string; readonly status?: number };
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
}

export interface LogDetail {
  readonly time: number;
  /** Since the start of the first span of the answer; undefined outside of a unit of work. */
  readonly offsetMs?: number;
  readonly service: string;
  readonly level: string;
  readonly severity: number;
  readonly message: string;
  readonly logger?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: Attributes;
}

/** Lines of a source file around a place. */
export interface SourceExcerpt {
  readonly place: SourcePlace;
  readonly firstLine: number;
  readonly lines: readonly string[];
}

export interface ErrorDetail {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly spanId?: string;
  readonly offsetMs?: number;
  readonly frames: readonly SourcePlace[];
  readonly source?: SourceExcerpt;
}

/** Equal or similar calls of one unit of work. */
export interface RepeatedCalls {
  /** `n+1`: from one place, with different parameters; `duplicate`: the same parameters again;
   * `similar`: parameters unknown; `batchable`: repeated writes; `possible`: no place known. */
  readonly kind: "n+1" | "duplicate" | "similar" | "batchable" | "possible";
  readonly severity: Severity;
  /** What is called: SQL, a cache or document store, another service. */
  readonly source: "sql" | "redis" | "mongodb" | "http" | "other";
  readonly fingerprint: string;
  /** The first call's own text. */
  readonly example: string;
  readonly place?: SourcePlace;
  readonly count: number;
  /** Different sets of parameters; undefined if parameters are unknown. */
  readonly distinct?: number;
  /** Sum of the durations. */
  readonly totalMs: number;
  /** Whether calls overlapped. */
  readonly concurrent: boolean;
  readonly spanIds: readonly string[];
  /** What to do: join, batch, DataLoader, an index to look at. */
  readonly hint: string;
}

/** A stall of the event loop. */
export interface StallDetail {
  readonly spanId?: string;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly stack?: string;
  readonly place?: SourcePlace;
}

export interface ProfileSummary {
  readonly id: string;
  readonly kind: "cpu" | "allocation";
  readonly unit?: string;
  readonly service: string;
  readonly name: string;
  readonly start: number;
  readonly durationMs: number;
  /** Other requests in progress meanwhile: a profile is that of the whole thread. */
  readonly overlapping: number;
  readonly samples: number;
}

/** One request whole, over all services. */
export interface UnitDetail {
  readonly summary: UnitSummary;
  readonly run?: Run;
  readonly spans: readonly SpanDetail[];
  /** Number of spans that the answer leaves out, because there are too many. */
  readonly omittedSpans: number;
  readonly logs: readonly LogDetail[];
  readonly errors: readonly ErrorDetail[];
  readonly repeated: readonly RepeatedCalls[];
  readonly stalls: readonly StallDetail[];
  readonly profiles: readonly ProfileSummary[];
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** Time of the request by what it waited for; the sum is its duration. */
  readonly timing: readonly {
    readonly what: "queries" | "cache" | "calls" | "code";
    readonly ms: number;
  }[];
}

/** A series of one metric, for a small chart. */
export interface MetricSeries {
  readonly name: string;
  /** What a point is: the value, a rate per second (of a counter, of the values of a histogram),
   * or the mean of the values of a histogram. */
  readonly statistic?: "value" | "rate" | "mean";
  readonly unit: string;
  readonly description: string;
  readonly service: string;
  readonly attributes: Attributes;
  readonly points: readonly { readonly time: number; readonly value: number }[];
}

/** One node of a flame graph; children are inside its time. */
export interface FlameNode {
  readonly name: string;
  /** Package of `node_modules`, `node` for Node's own code, or undefined for the app. */
  readonly package?: string;
  readonly place?: SourcePlace;
  /** Milliseconds of CPU, or bytes of an allocation profile, children included. */
  readonly value: number;
  readonly self: number;
  readonly children: readonly FlameNode[];
}

export interface ProfileDetail {
  readonly summary: ProfileSummary;
  /** Time in which the thread waited for events, which the graph leaves out; of CPU only. */
  readonly idleMs?: number;
  readonly root: FlameNode;
  readonly hot: readonly {
    readonly name: string;
    readonly place?: SourcePlace;
    readonly package?: string;
    readonly self: number;
    readonly total: number;
  }[];
  readonly byPackage: readonly { readonly name: string; readonly self: number }[];
  readonly byFile: readonly { readonly name: string; readonly self: number }[];
}

/** One side of a comparison: a request, a route of a run, or a run. */
export interface ComparedSide {
  readonly kind: "request" | "route" | "run";
  readonly id: string;
  readonly label: string;
  readonly run?: Run;
  readonly count: number;
}

export interface ComparedFigure {
  readonly before: number;
  readonly after: number;
  /** (after - before) / before; undefined if before is 0. */
  readonly ratio?: number;
}

/** What changed for one route, or between two requests. */
export interface RouteComparison {
  readonly name: string;
  readonly change: "new" | "gone" | "slower" | "faster" | "changed" | "same";
  readonly countBefore: number;
  readonly countAfter: number;
  readonly p50: ComparedFigure;
  readonly p95: ComparedFigure;
  /** Averages per unit of work. */
  readonly queries: ComparedFigure;
  readonly queryMs: ComparedFigure;
  /** Share of units of work that failed, from 0 to 1. */
  readonly errors: ComparedFigure;
  /** Queries by fingerprint, with how often one unit of work runs them. */
  readonly queryChanges: readonly {
    readonly change: "new" | "gone" | "more" | "fewer" | "slower" | "faster";
    readonly fingerprint: string;
    readonly example: string;
    readonly place?: SourcePlace;
    readonly perUnitBefore: number;
    readonly perUnitAfter: number;
    /** Average duration of one call. */
    readonly msBefore: number;
    readonly msAfter: number;
  }[];
}

export interface Comparison {
  readonly before: ComparedSide;
  readonly after: ComparedSide;
  readonly routes: readonly RouteComparison[];
}

/** A page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  /** Value of `cursor` for the next page; undefined at the end. */
  readonly next?: string;
}

/** Messages of `GET /api/events`, a stream of server-sent events; `id` is a sequence number. */
export type ViewerEvent =
  | { readonly type: "unit"; readonly unit: UnitSummary }
  | { readonly type: "removed"; readonly ids: readonly string[] }
  | { readonly type: "log"; readonly log: LogDetail }
  | { readonly type: "run"; readonly run: Run }
  | { readonly type: "profile"; readonly profile: ProfileSummary }
  | { readonly type: "cleared" }
  /** Events are missing, because the page was slow or disconnected: it loads its lists again. */
  | { readonly type: "lost" };

/** What the viewer is and has: `GET /api/status`. */
export interface ViewerStatus {
  readonly version: string;
  /** Folder of the project. */
  readonly project: string;
  readonly services: readonly string[];
  /** Without a path it is in memory. */
  readonly history: { readonly path?: string; readonly bytes: number; readonly units: number };
  /** Whether `POST /api/open` can open an editor. */
  readonly editor: boolean;
}

/**
 * The content of `<script type="application/json" id="telltale-data">` in an exported
 * file, with which the page shows one request without a server.
 */
export interface OfflineData {
  readonly version: string;
  readonly request: UnitDetail;
  readonly profiles: readonly ProfileDetail[];
}
