import type { Attributes, Histogram, Span } from "@opentelemetry/api";
import { now, wallClockOriginAt } from "../../clock.ts";
import { isOwnSpan } from "../../context/local-trace-handle.ts";
import { activeSpan } from "../../context/manager.ts";
import { activeStallSlot } from "../../context/unit-access.ts";
import type { StallSlot } from "../../context/unit-views.ts";
import { lowCardinality } from "../../low-cardinality.ts";
import { loopActivity, type Stall, type StallObserver } from "../../loop-activity.ts";
import type { StoreMeter } from "../store-meter.ts";
import type { GcPauseListener } from "./gc.ts";
import { stackOfApp } from "./stall-stack.ts";

/** Interval of the timer that shows that the loop runs. Its wake-ups cost an idle process 0.15% CPU. */
const TICK_MS = 40;

/** Enough for the collections between two ticks; more do not fit into a stall. */
const MAX_PAUSES = 100;

const BOUNDARIES = [0.1, 0.2, 0.5, 1, 2, 5, 10];

/** A stall, and what is known of the code that blocked. */
interface Cause {
  readonly stall: Stall;
  readonly unit: StallSlot | undefined;
  readonly span: Span | undefined;
  readonly stack: string | undefined;
  /** Time in which the loop waited for events, in milliseconds. */
  readonly idleMs: number;
}

/**
 * Watches for code that blocks the event loop for longer than a limit. Records the
 * duration by route, and an event with the stack on the innermost open span. Time of
 * garbage collection is subtracted, as is time in which the loop was idle before the code
 * ran. Node reports a collection a turn later, so that a stall is recorded with the next
 * tick.
 */
export class StallWatch {
  readonly #limitMs: number;
  readonly #duration: Histogram;
  readonly #pauses: { readonly from: number; readonly to: number }[] = [];
  #causes: Cause[] = [];
  /** Those before the latest tick: what the observer's thread knows may arrive after it. */
  #beforeTick: Cause[] = [];
  readonly #observer: StallObserver | undefined;
  #tickAt = 0;
  #idleAtTick = 0;

  /** @param observer undefined unless the app is being developed */
  constructor(meter: StoreMeter, limitMs: number, observer?: StallObserver) {
    this.#limitMs = limitMs;
    this.#observer = observer;
    this.#duration = meter.createHistogram("telltale.eventloop.stall.duration", {
      description: "Time in which one piece of code blocked the event loop.",
      unit: "s",
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
  }

  start(): void {
    this.#tickAt = now();
    this.#idleAtTick = idleMs();
    loopActivity.watch(this.#limitMs, this.#tickAt, (stall) => {
      if (this.#observer?.wasPaused(stall) === true) return;
      this.#observer?.noticed();
      this.#causes.push({ ...causeOf(stall), stall, idleMs: this.#idleMsIn(stall) });
    });
    this.#observer?.start();
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** To be called with each garbage collection. */
  readonly onGcPause: GcPauseListener = (startedAt, durationMs) => {
    if (this.#pauses.length >= MAX_PAUSES) this.#pauses.shift();
    this.#pauses.push({ from: startedAt, to: startedAt + durationMs });
  };

  #tick(): void {
    const causes = this.#observer === undefined ? this.#causes : this.#beforeTick;
    this.#beforeTick = this.#causes;
    this.#causes = [];
    const at = now();
    loopActivity.ticked(at);
    this.#observer?.beat();
    this.#tickAt = at;
    this.#idleAtTick = idleMs();
    for (const cause of causes) this.#record(cause);
  }

  #record({ stall, unit, span, stack, idleMs: idle }: Cause): void {
    const { from, to } = stall;
    const suspended = this.#observer?.suspendedMs(stall) ?? 0;
    const ms = to - from - idle - suspended - this.#gcMsBetween(from, to);
    if (ms < this.#limitMs) return;
    this.#duration.record(ms / 1000, attributesOf(unit));
    if (span === undefined || !isOwnSpan(span)) return;
    const attributes: Attributes = { "telltale.eventloop.stall.duration": ms / 1000 };
    const knownStack = this.#stackOf(stall, stack);
    if (knownStack !== undefined) attributes["code.stacktrace"] = knownStack;
    span.addLateEvent("telltale.eventloop.stall", attributes, wallClockOriginAt(to) + to);
  }

  /**
   * Returns how long the loop was idle in the stall: since the latest tick, less what may
   * have been before the stall. A loop that waits for a request is idle until it arrives,
   * on a busy host for longer than the interval of ticks.
   */
  #idleMsIn({ from }: Stall): number {
    return Math.max(0, idleMs() - this.#idleAtTick - (from - this.#tickAt));
  }

  #stackOf(stall: Stall, stack: string | undefined): string | undefined {
    const observer = this.#observer;
    if (observer === undefined) return stack;
    return observer.stackDuring(stall) ?? (stack && observer.originalStack(stack));
  }

  #gcMsBetween(from: number, to: number): number {
    let ms = 0;
    for (const pause of this.#pauses) {
      ms += Math.max(0, Math.min(to, pause.to) - Math.max(from, pause.from));
    }
    return ms;
  }
}

/** Returns the time in which the event loop has waited for events. */
function idleMs(): number {
  return performance.eventLoopUtilization().idle;
}

type Code = Pick<Cause, "unit" | "span" | "stack">;

function causeOf({ by }: Stall): Code {
  const active = activeStallSlot();
  if (by === "active" || (by !== undefined && "trace" in by && by.trace === active?.localTrace)) {
    return { unit: active, span: activeSpan() ?? active?.span, stack: stackOfApp() };
  }
  if (by === undefined || "trace" in by) return UNKNOWN;
  return { unit: by.unit, span: by.unit.span, stack: stackOfApp() };
}

const UNKNOWN: Code = { unit: undefined, span: undefined, stack: undefined };

function attributesOf(unit: StallSlot | undefined): Attributes {
  const job = unit?.jobInfo();
  if (job !== undefined) return { "telltale.job.name": lowCardinality(job.name) };
  const route = unit?.currentRoute();
  if (unit?.method === undefined) return {};
  return {
    "http.request.method": unit.method,
    ...(route !== undefined && { "http.route": route }),
  };
}
