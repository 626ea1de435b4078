import type { Attributes } from "@opentelemetry/api";
import type { KeepReason, LocalTraceHandle } from "../context/local-trace-handle.ts";
import type { DropTimer, DropWindow, SpanQuota } from "./tail-buffer.ts";

/** The part of a span that a local trace reads. */
export interface TraceMember {
  /** Whether its status is an error. */
  readonly failed: boolean;
}

/** The part of the pipeline that a local trace uses. */
export interface TraceSink<Span extends TraceMember> {
  /** Counts a recorded span that has ended. */
  created(): void;
  /** Exports an ended span of a kept trace. */
  readonly export: (span: Span) => void;
  /** Counts ended spans that will never be exported. */
  discard(count: number): void;
  /** Limits the buffered spans of traces whose root has not ended. */
  readonly quota: SpanQuota;
  /** Drops the buffered spans of traces whose root has ended. */
  readonly dropTimer: DropTimer;
  /** The duration in milliseconds above which a local root keeps its trace. */
  readonly keepSlowMs: number;
}

/** Keeps one trace from using up the whole quota. */
const MAX_SPANS_PER_TRACE = 1000;

/**
 * The spans of one trace in this process: a request with all that it caused
 * here. Every span below the local root refers to this object, so a child that
 * ends after its root still finds the keep decision.
 *
 * A trace that head sampling keeps is kept from the start. Otherwise ended spans
 * are buffered until something keeps the trace (a captured error, a span that
 * ends in error, a slow root, a call of the app) or its root ends. Then the drop
 * timer counts them as dropped after its window. The buffer itself is released
 * with the unit of work that refers to this object, since a late error is
 * thrown in that context.
 */
export class LocalTrace<Span extends TraceMember> implements LocalTraceHandle {
  /** The local root; set right after its creation. */
  root: Span | undefined = undefined;
  /** The wall-clock time at zero of the monotonic clock, the same for all spans of the trace. */
  readonly wallClockOrigin: number;
  reason: KeepReason | undefined;
  /** The probability of the head decision; undefined if the parent's is unknown. */
  readonly #probability: number | undefined;
  readonly #sink: TraceSink<Span>;
  #buffered: Span[] | undefined = undefined;
  /** Set when the root ends and the trace is not kept. */
  #dropWindow: DropWindow | undefined = undefined;

  constructor(
    sink: TraceSink<Span>,
    sampled: boolean,
    probability: number | undefined,
    wallClockOrigin: number,
  ) {
    this.#sink = sink;
    this.#probability = probability;
    this.reason = sampled ? "sampled" : undefined;
    this.wallClockOrigin = wallClockOrigin;
  }

  keep(reason: KeepReason): void {
    if (this.reason !== undefined || this.#dropWindow?.isClosed === true) return;
    this.reason = reason;
    const buffered = this.#buffered;
    if (buffered === undefined) return;
    this.#buffered = undefined;
    if (this.#dropWindow === undefined) this.#sink.quota.release(buffered.length);
    else this.#dropWindow.count -= buffered.length;
    for (const span of buffered) this.#sink.export(span);
  }

  get kept(): boolean {
    return this.reason !== undefined;
  }

  /** Exports an ended span, or buffers it. */
  onEnd(span: Span, durationMs: number): void {
    this.#sink.created();
    if (this.reason === undefined && span.failed) this.keep("span_error");
    const isRoot = this.root === span;
    if (isRoot && this.reason === undefined && durationMs > this.#sink.keepSlowMs) {
      this.keep("slow");
    }
    if (this.reason !== undefined) {
      this.#sink.export(span);
      return;
    }
    this.#buffer(span);
    if (isRoot) this.#scheduleDrop();
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
    };
  }

  #buffer(span: Span): void {
    const buffered = (this.#buffered ??= []);
    if (buffered.length >= MAX_SPANS_PER_TRACE || !this.#reserve()) this.#sink.discard(1);
    else buffered.push(span);
  }

  #reserve(): boolean {
    const dropWindow = this.#dropWindow;
    if (dropWindow === undefined) return this.#sink.quota.tryReserve();
    if (dropWindow.isClosed) return false;
    dropWindow.count++;
    return true;
  }

  #scheduleDrop(): void {
    const count = this.#buffered?.length ?? 0;
    this.#sink.quota.release(count);
    this.#dropWindow = this.#sink.dropTimer.add(count);
  }
}
