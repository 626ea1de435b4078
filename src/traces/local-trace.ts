import type { Attributes } from "@opentelemetry/api";
import type { KeepReason, LocalTraceHandle } from "../context/holder.ts";
import type { Grace, Period, Room } from "./undecided.ts";

/** What a local trace needs to know of a span. */
export interface TraceMember {
  /** Whether it ended in error. */
  readonly failed: boolean;
}

/** What a local trace needs of the pipeline it belongs to. */
export interface TraceSink<Span extends TraceMember> {
  /** A recorded span has ended. */
  made(): void;
  /** An ended span of a kept trace goes out. */
  readonly export: (span: Span) => void;
  /** Ended spans that will never go out. */
  discard(count: number): void;
  /** For the ended spans of traces that are going on. */
  readonly room: Room;
  /** For those of traces whose root has ended. */
  readonly grace: Grace;
  /** A local root that took longer keeps its trace, in milliseconds. */
  readonly keepSlowMs: number;
}

/** One trace can't take all the room. */
const SPANS_PER_TRACE = 1000;

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
  readonly wall: number;
  reason: KeepReason | undefined;
  /** Of the head decision; undefined where the parent's is unknown. */
  readonly #probability: number | undefined;
  readonly #sink: TraceSink<Span>;
  #waiting: Span[] | undefined = undefined;
  /** From the end of an undecided root on. */
  #period: Period | undefined = undefined;

  constructor(
    sink: TraceSink<Span>,
    sampled: boolean,
    probability: number | undefined,
    wall: number,
  ) {
    this.#sink = sink;
    this.#probability = probability;
    this.reason = sampled ? "sampled" : undefined;
    this.wall = wall;
  }

  keep(reason: KeepReason): void {
    if (this.reason !== undefined || this.#period?.over === true) return;
    this.reason = reason;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    if (this.#period === undefined) this.#sink.room.give(waiting.length);
    else this.#period.count -= waiting.length;
    for (const span of waiting) this.#sink.export(span);
  }

  get kept(): boolean {
    return this.reason !== undefined;
  }

  /** A span ended: out, or to the others that wait. */
  ended(span: Span, durationMs: number): void {
    this.#sink.made();
    if (this.reason === undefined && span.failed) this.keep("span_error");
    const isRoot = this.root === span;
    if (isRoot && this.reason === undefined && durationMs > this.#sink.keepSlowMs) {
      this.keep("slow");
    }
    if (this.reason !== undefined) {
      this.#sink.export(span);
      return;
    }
    this.#wait(span);
    if (isRoot) this.#giveUpSoon();
  }

  /**
   * What the root span says about why it is there, so that counts can be
   * reconstructed; nothing where every trace is kept.
   */
  keptAttributes(span: Span): Attributes | undefined {
    if (this.root !== span || this.reason === undefined) return undefined;
    if (this.reason === "sampled" && (this.#probability ?? 1) === 1) return undefined;
    return {
      "telltale.keep.reason": this.reason,
      ...(this.#probability !== undefined && {
        "telltale.sampling.probability": this.#probability,
      }),
    };
  }

  #wait(span: Span): void {
    const waiting = (this.#waiting ??= []);
    if (waiting.length >= SPANS_PER_TRACE || !this.#admit()) this.#sink.discard(1);
    else waiting.push(span);
  }

  #admit(): boolean {
    const period = this.#period;
    if (period === undefined) return this.#sink.room.take();
    if (period.over) return false;
    period.count++;
    return true;
  }

  #giveUpSoon(): void {
    const count = this.#waiting?.length ?? 0;
    this.#sink.room.give(count);
    this.#period = this.#sink.grace.enter(count);
  }
}
