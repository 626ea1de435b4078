import type { Attributes } from "@opentelemetry/api";
import type { KeepReason, LocalTraceHandle } from "../context/holder.ts";
import type { TelltaleSpan } from "./span.ts";

/** What a local trace needs of the pipeline it belongs to. */
export interface TraceSink {
  /** A recorded span has ended. */
  made(): void;
  /** An ended span of a kept trace goes out. */
  export(span: TelltaleSpan): void;
  /** Ended spans that will never go out. */
  discard(count: number): void;
  /** Room for ended spans of undecided traces, over the whole process. */
  readonly shelf: Shelf;
  /** A local root that took longer keeps its trace, in milliseconds. */
  readonly keepSlowMs: number;
}

/** One trace can't take the whole shelf. */
const SPANS_PER_TRACE = 1000;

/**
 * The spans of one process that hang together: a request with all that it
 * caused here (decision 5). Every span under the entry holds this object, so a
 * child that ends after its root still finds the decision.
 *
 * It starts as kept where head sampling said yes. Where it said no, ended
 * spans wait here until something worth seeing happens (an error is captured,
 * a span ends in error, the root was slow, code asks for it) or the root ends
 * without. Then they lie on the shelf a few seconds longer, for the error that
 * is captured late.
 */
export class LocalTrace implements LocalTraceHandle {
  /** The span that came in; set right after it is made. */
  root: TelltaleSpan | undefined = undefined;
  /** The wall clock at zero of our clock, the same for all spans in here. */
  readonly wall: number;
  reason: KeepReason | undefined;
  /** Of the head decision; undefined where the parent's is unknown. */
  readonly #probability: number | undefined;
  readonly #sink: TraceSink;
  #waiting: TelltaleSpan[] | undefined = undefined;
  #abandoned = false;

  constructor(sink: TraceSink, sampled: boolean, probability: number | undefined, wall: number) {
    this.#sink = sink;
    this.#probability = probability;
    this.reason = sampled ? "sampled" : undefined;
    this.wall = wall;
  }

  keep(reason: KeepReason): void {
    if (this.reason !== undefined || this.#abandoned) return;
    this.reason = reason;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#sink.shelf.give(waiting.length);
    for (const span of waiting) this.#sink.export(span);
  }

  get kept(): boolean {
    return this.reason !== undefined;
  }

  /** A span ended: out, or on the shelf. */
  ended(span: TelltaleSpan, durationMs: number): void {
    this.#sink.made();
    if (this.reason === undefined && span.failed) this.keep("span_error");
    const isRoot = this.root === span;
    if (isRoot && this.reason === undefined && durationMs > this.#sink.keepSlowMs) {
      this.keep("slow");
    }
    if (this.reason !== undefined) this.#sink.export(span);
    else this.#wait(span);
    if (isRoot && this.reason === undefined) this.#sink.shelf.linger(this);
  }

  /**
   * What the root span says about why it is there, so that counts can be
   * reconstructed; nothing where every trace is kept.
   */
  keptAttributes(span: TelltaleSpan): Attributes | undefined {
    if (this.root !== span || this.reason === undefined) return undefined;
    if (this.reason === "sampled" && (this.#probability ?? 1) === 1) return undefined;
    return {
      "telltale.keep.reason": this.reason,
      ...(this.#probability !== undefined && {
        "telltale.sampling.probability": this.#probability,
      }),
    };
  }

  /** The time on the shelf is over. */
  abandon(): void {
    if (this.reason !== undefined || this.#abandoned) return;
    this.#abandoned = true;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#sink.shelf.give(waiting.length);
    this.#sink.discard(waiting.length);
  }

  #wait(span: TelltaleSpan): void {
    if (this.#abandoned || !this.#sink.shelf.take(this, this.#waiting?.length ?? 0)) {
      this.#sink.discard(1);
      return;
    }
    (this.#waiting ??= []).push(span);
  }
}

/**
 * How long a decided-against trace waits for a late error, and how many do. At a
 * thousand requests a second that is a second; more of them would outlive the
 * young generation, and moving them to the old one costs more than making them
 * (0.2 of a bare Fastify request, measured with 4,000).
 */
const LINGER_MS = 5_000;
const MOST_LINGERING = 1_000;

/**
 * The bounded room of all undecided spans. Traces whose root has ended stand
 * in a queue; the oldest of them go when the time or the room is up.
 */
export class Shelf {
  readonly #capacity: number;
  #used = 0;
  /** A ring would save the `splice`; it happens once for hundreds of traces. */
  #queue: LocalTrace[] = [];
  #since: number[] = [];
  #head = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  take(trace: LocalTrace, held: number): boolean {
    if (held >= SPANS_PER_TRACE) return false;
    while (this.#used >= this.#capacity && this.#dropOldest(trace)) continue;
    if (this.#used >= this.#capacity) return false;
    this.#used++;
    return true;
  }

  give(count: number): void {
    this.#used -= count;
  }

  linger(trace: LocalTrace): void {
    if (this.#queue.length - this.#head >= MOST_LINGERING) this.#dropOldest(undefined);
    this.#queue.push(trace);
    this.#since.push(performance.now());
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#sweep(), LINGER_MS).unref();
  }

  /** Gives up everything that waits for a late error: the process ends. */
  clear(): void {
    while (this.#dropOldest(undefined)) continue;
  }

  #sweep(): void {
    this.#timer = undefined;
    const limit = performance.now() - LINGER_MS;
    while (this.#head < this.#queue.length && (this.#since[this.#head] ?? 0) <= limit) {
      this.#dropOldest(undefined);
    }
    this.#compact();
    if (this.#queue.length > 0) {
      const wait = (this.#since[0] ?? 0) + LINGER_MS - performance.now();
      this.#timer = setTimeout(() => this.#sweep(), Math.max(wait, 100)).unref();
    }
  }

  #dropOldest(except: LocalTrace | undefined): boolean {
    const trace = this.#queue[this.#head];
    if (trace === undefined) return false;
    this.#head++;
    if (this.#head > 1024) this.#compact();
    if (trace !== except) trace.abandon();
    return true;
  }

  #compact(): void {
    this.#queue.splice(0, this.#head);
    this.#since.splice(0, this.#head);
    this.#head = 0;
  }
}
