import type { Attributes, SpanContext } from "@opentelemetry/api";
import type { KeepReason, LocalTraceHandle } from "../context/local-trace-handle.ts";
import { isDeferred } from "./sampling/deferred.ts";
import type { OpenSpans } from "./open-spans.ts";
import type { DropWindow, TailBuffer, TailBufferMember, TailDropReason } from "./tail-buffer.ts";
import { SAMPLED_FLAG } from "./trace-flags.ts";

/**
 * Whether a span is exported whose trace was not kept from the start: `pinned` will be when it ends,
 * `dropped` was counted as dropped and is no longer buffered. Undefined while that is
 * open.
 */
export type ExportState = "pinned" | "exported" | "dropped" | undefined;

/** The part of a span that a local trace uses. */
export interface TraceMember {
  /** Whether its status is an error. */
  readonly failed: boolean;
  readonly ended: boolean;
  readonly parentSpanContext?: SpanContext;
  exportState: ExportState;
  end(): void;
}

/** The part of the pipeline that a local trace uses. */
export interface TraceSink<Span extends TraceMember> {
  /** Counts a recorded span that has ended, and again one that was dropped and is exported after all. */
  created(): void;
  /** Exports an ended span of a kept trace. */
  readonly export: (span: Span) => void;
  /** Bounds the ended spans of traces that are not decided. */
  readonly tailBuffer: TailBuffer;
  /** Spans to end at process exit. */
  readonly openSpans: OpenSpans;
  /** The duration in milliseconds above which a local root keeps its trace. */
  readonly keepSlowMs: number;
}

/** Keeps one trace from using up the whole buffer. */
const MAX_SPANS_PER_TRACE = 1000;

/**
 * The spans of one trace in this process: a request with all that it caused
 * here. Every span below the local root refers to this object, so a child that
 * ends after its root still finds the keep decision.
 *
 * A trace that head sampling keeps is kept from the start. Otherwise ended spans
 * are buffered until something keeps the trace (a captured error, a span that
 * ends in error, a slow root, a call of the app), and for some seconds after the end
 * of its root (`tail-buffer.ts`). After that they are dropped. An error that comes
 * even later still finds two spans in the context in which it was thrown, the one
 * that is active and the root, and exports them: so no event refers to a span that
 * was never exported.
 */
export class LocalTrace<Span extends TraceMember> implements LocalTraceHandle, TailBufferMember {
  /** The local root; set right after its creation. */
  root: Span | undefined = undefined;
  /** The wall-clock time at zero of the monotonic clock, the same for all spans of the trace. */
  readonly wallClockOrigin: number;
  reason: KeepReason | undefined;
  /** Whether each span is exported as it ends. Not after a keep decision that came too late for the others. */
  #exportsAll: boolean;
  /** The probability of the head decision; undefined if the parent's is unknown. */
  readonly #probability: number | undefined;
  readonly #sink: TraceSink<Span>;
  /** Ended spans, except the root. */
  #buffered: Span[] | undefined = undefined;
  /** Set when the root ends and the trace is not kept. */
  #dropWindow: DropWindow | undefined = undefined;
  droppedSpans = 0;
  hasFailedSpan = false;
  #hasCapturedError = false;

  constructor(
    sink: TraceSink<Span>,
    sampled: boolean,
    probability: number | undefined,
    wallClockOrigin: number,
  ) {
    this.#sink = sink;
    this.#probability = probability;
    this.reason = sampled ? "sampled" : undefined;
    this.#exportsAll = sampled;
    this.wallClockOrigin = wallClockOrigin;
  }

  /** Whether one of its spans has failed, or an error was captured for it. */
  get hasError(): boolean {
    return this.hasFailedSpan || this.#hasCapturedError;
  }

  get kept(): boolean {
    return this.reason !== undefined;
  }

  /** @param span is exported in any case, now or when it ends. */
  keep(reason: KeepReason, span?: Span): void {
    if (reason === "error_captured") this.#hasCapturedError = true;
    if (!this.#exportsAll) this.#keep(reason);
    if (span !== undefined) this.#ensureExport(span);
    // A root that the app never ends would be missing.
    if (this.root?.ended === false) this.#sink.openSpans.add(this.root);
  }

  /** Exports an ended span, or buffers it. */
  onEnd(span: Span, durationMs: number): void {
    this.#sink.created();
    if (span.failed) this.hasFailedSpan = true;
    if (this.#exportsAll || span.exportState === "pinned") this.#export(span);
    else this.#onUnsampledEnd(span, durationMs);
  }

  /**
   * Returns the attributes that record on the root why the trace was kept, so that
   * counts can be reconstructed; undefined if every trace is kept.
   */
  samplingAttributes(span: Span): Attributes | undefined {
    if (this.root !== span || this.reason === undefined) return undefined;
    if (this.reason === "sampled" && (this.#probability ?? 1) === 1) return undefined;
    return {
      "telltale.sampling.reason": this.reason,
      ...(this.#probability !== undefined && {
        "telltale.sampling.probability": this.#probability,
      }),
      ...(isUnsampledByCaller(span.parentSpanContext) && {
        "telltale.sampling.parent_sampled": false,
      }),
      ...(this.droppedSpans > 0 && { "telltale.sampling.dropped_spans": this.droppedSpans }),
    };
  }

  get isOverdue(): boolean {
    return this.#dropWindow?.isClosed === true;
  }

  dropBuffered(): number {
    const dropped = this.#buffered ?? [];
    this.#buffered = undefined;
    for (const span of dropped) span.exportState = "dropped";
    this.droppedSpans += dropped.length;
    if (this.#dropWindow !== undefined) this.#dropWindow.count -= dropped.length;
    return dropped.length;
  }

  #keep(reason: KeepReason): void {
    const isLate = this.isOverdue;
    const buffered = this.#takeBuffered();
    this.reason ??= reason;
    // An error is no reason to export the later spans of a connection that lasts for days.
    this.#exportsAll = !isLate || reason === "forced";
    const { root } = this;
    if (root !== undefined && this.#dropWindow !== undefined) this.#ensureExport(root);
    for (const span of buffered) this.#export(span);
  }

  /** Removes and returns the buffered spans, which are then counted as neither buffered nor dropped. */
  #takeBuffered(): Span[] {
    const buffered = this.#buffered ?? [];
    this.#buffered = undefined;
    if (buffered.length > 0) this.#sink.tailBuffer.release(this, buffered.length);
    const dropWindow = this.#dropWindow;
    // Counted in it: these, and the root.
    if (dropWindow?.isClosed === false) dropWindow.count -= buffered.length + 1;
    return buffered;
  }

  /** Exports a span if it was not yet, or else when it ends. */
  #ensureExport(span: Span): void {
    if (!span.ended) {
      span.exportState = "pinned";
      this.#sink.openSpans.add(span);
      return;
    }
    if (span.exportState === "exported") return;
    if (span.exportState === "dropped") this.droppedSpans--;
    if (span.exportState === "dropped" || this.isOverdue) this.#sink.created();
    this.#export(span);
  }

  #onUnsampledEnd(span: Span, durationMs: number): void {
    const isRoot = this.root === span;
    const isSlow = isRoot && durationMs > this.#sink.keepSlowMs;
    if (span.failed || isSlow) {
      this.#keep(span.failed ? "span_error" : "slow");
      this.#export(span);
    } else if (isRoot) {
      const count = 1 + (this.#buffered?.length ?? 0);
      this.#dropWindow = this.#sink.tailBuffer.startDropWindow(count);
    } else this.#buffer(span);
  }

  #buffer(span: Span): void {
    const { tailBuffer } = this.#sink;
    if (this.isOverdue) {
      this.#drop(span, "unsampled");
      return;
    }
    const oldest =
      this.#buffered?.length === MAX_SPANS_PER_TRACE ? this.#buffered.shift() : undefined;
    if (oldest !== undefined) this.#drop(oldest, "buffer_full");
    else {
      // May drop what this trace has buffered.
      tailBuffer.reserve(this);
      if (this.#dropWindow !== undefined) this.#dropWindow.count++;
    }
    (this.#buffered ??= []).push(span);
  }

  #drop(span: Span, reason: TailDropReason): void {
    span.exportState = "dropped";
    this.droppedSpans++;
    this.#sink.tailBuffer.drop(reason, 1);
  }

  #export(span: Span): void {
    span.exportState = "exported";
    this.#sink.export(span);
  }
}

/** Whether the caller has a span in this trace that was not sampled, and so may be missing. */
function isUnsampledByCaller(parent: SpanContext | undefined): boolean {
  return (
    parent?.isRemote === true && (parent.traceFlags & SAMPLED_FLAG) === 0 && !isDeferred(parent)
  );
}
