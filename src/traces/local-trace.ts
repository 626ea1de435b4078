import type { Attributes } from "@opentelemetry/api";
import type { KeepReason, LocalTraceHandle } from "../context/local-trace-handle.ts";
import type { DropTimer, DropWindow, SpanQuota } from "./tail-buffer.ts";

/** What a local trace needs to know of a span. */
export interface TraceMember {
  /** Whether it ended in error. */
  readonly failed: boolean;
}

/** What a local trace needs of the pipeline it belongs to. */
export interface TraceSink<Span extends TraceMember> {
  /** A recorded span has ended. */
  created(): void;
  /** An ended span of a kept trace goes out. */
  readonly export: (span: Span) => void;
  /** Ended spans that will never go out. */
  discard(count: number): void;
  /** For the ended spans of traces that are going on. */
  readonly quota: SpanQuota;
  /** For those of traces whose root has ended. */
  readonly dropTimer: DropTimer;
  /** A local root that took longer keeps its trace, in milliseconds. */
  readonly keepSlowMs: number;
}

/** One trace can't take all the room. */
const MAX_SPANS_PER_TRACE = 1000;

/**
 * The spans of one process that hang together: a request with all that it
 * caused here. Every span under the entry holds this object, so a
 * child that ends after its root still finds the decision.
 *
 * It starts as kept where head sampling said yes. Where it said no, ended
 * spans wait here until something worth seeing happens (an error is captured,
 * a span ends in error, the root was slow, code asks for it) or the root ends
 * without. Then they count as given up soon, but nothing lets go of them
 * before the work does that holds this object: an error that comes late comes
 * from there.
 */
export class LocalTrace<Span extends TraceMember> implements LocalTraceHandle {
  /** The span that came in; set right after it is made. */
  root: Span | undefined = undefined;
  /** The wall clock at zero of our clock, the same for all spans in here. */
  readonly wallClockOrigin: number;
  reason: KeepReason | undefined;
  /** Of the head decision; undefined where the parent's is unknown. */
  readonly #probability: number | undefined;
  readonly #sink: TraceSink<Span>;
  #buffered: Span[] | undefined = undefined;
  /** From the end of an undecided root on. */
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

  /** A span ended: out, or to the others that wait. */
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
   * What the root span says about why it is there, so that counts can be
   * reconstructed; nothing where every trace is kept.
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
