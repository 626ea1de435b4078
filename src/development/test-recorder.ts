/*
 * The contract between the preload and `telltale/testing`, which are different bundles: a
 * recorder on the global object. It is there before the preload starts, or never.
 */

export type RecordedAttributes = Readonly<Record<string, unknown>>;

/** A span that has ended. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: RecordedAttributes;
  readonly status: "unset" | "ok" | "error";
  readonly statusMessage: string | undefined;
  readonly events: readonly { readonly name: string; readonly attributes: RecordedAttributes }[];
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly scope: string;
}

export interface RecordedLog {
  readonly severity: string | undefined;
  readonly severityNumber: number;
  readonly body: unknown;
  readonly attributes: RecordedAttributes;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly scope: string;
  /** `file:line` in the app that has logged it; undefined if no code of the app is on the stack. */
  readonly place: string | undefined;
}

/** An event as Sentry would receive it. */
export type RecordedEvent = Readonly<Record<string, unknown>>;

/** One series of a metric. */
export interface RecordedPoint {
  readonly name: string;
  readonly unit: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly attributes: RecordedAttributes;
  /** The sum of a histogram. */
  readonly value: number;
  /** Number of measurements; only of a histogram. */
  readonly count: number | undefined;
}

/** What the recorder asks the preload for. */
export interface RecordedPreload {
  /** Returns the cumulative values of all series. */
  collect(): RecordedPoint[];
  /** Runs `work` in a trace of its own. `end` ends its span, which is not recorded. */
  runInTrace<Result>(work: (root: Pick<RecordedSpan, "traceId" | "spanId">) => Result): {
    readonly result: Result;
    end(): void;
  };
  /** Finishes the events that wait for the end of their request. */
  flushEvents(timeoutMs: number): Promise<void>;
}

/** Patches modules that another loader than Node's evaluates, as jest's. No method throws. */
export interface ModulePatches {
  /** Returns the source that passes its exports on; undefined if the file needs no patch. */
  transform(source: string, path: string, format: "commonjs" | "module"): string | undefined;
  /** Patches the exports of a CommonJS module that has been evaluated. */
  evaluated(module: NodeJS.Module, path: string): void;
}

export interface StartedSpan extends Pick<RecordedSpan, "traceId" | "spanId" | "name"> {
  /** The traces of its links. */
  readonly linked: readonly string[];
}

/** Receives what the preload records. No method throws. */
export interface TestRecorder {
  /** Undefined until libraries are instrumented. */
  patches?: ModulePatches | undefined;
  connected(preload: RecordedPreload): void;
  spanStarted(span: StartedSpan): void;
  spanEnded(span: RecordedSpan): void;
  logged(record: RecordedLog): void;
  reported(event: RecordedEvent): void;
}

/** Key on the global object under which the recorder is found. */
export const RECORDER: unique symbol = Symbol.for("telltale.test-recorder") as never;
const globals = globalThis as { [RECORDER]?: TestRecorder };

/** Returns the recorder of the process; undefined unless its tests use `telltale/testing`. */
export function testRecorder(): TestRecorder | undefined {
  return globals[RECORDER];
}

/** Returns the recorder of the process, which is that of `create` if there was none. */
export function publishTestRecorder<Recorder extends TestRecorder>(
  create: () => Recorder,
): Recorder {
  const recorder = globals[RECORDER] ?? create();
  globals[RECORDER] = recorder;
  return recorder as Recorder;
}
