/*
 * What telltale sees of the event loop: the times at which code runs that it has
 * instrumented. A long time without any, in which not even a timer fired, is code that
 * blocks the loop. The activity after it shows whose code that was, because it happens
 * in the same turn: a handler that computes for a second then sends its response.
 */

import type { StallSlot } from "./context/unit-views.ts";

/** A time in which code blocked the event loop. */
export interface Stall {
  /** Milliseconds on the monotonic clock, as `to`. */
  readonly from: number;
  readonly to: number;
  /**
   * The code that blocked: a unit of work, or the active one, or the active one if it has
   * this local trace; undefined if it is not known.
   */
  readonly by: { readonly unit: StallSlot } | { readonly trace: object } | "active" | undefined;
}

/** Milliseconds on the monotonic clock. */
export type StallPeriod = Pick<Stall, "from" | "to">;

/** Knows more of stalls than the code after them, while an app is developed. Its methods must not throw. */
export interface StallObserver {
  start(): void;
  /** Called when a stall was noticed, which is recorded two beats later. */
  noticed(): void;
  /** Called by a timer, every 40 ms or as soon as the loop runs. */
  beat(): void;
  /** Returns the app's stack within a stall; undefined if none was read. */
  stackDuring(period: StallPeriod): string | undefined;
  /** Returns a stack with the places of the original source. */
  originalStack(stack: string): string;
  /** Whether a debugger has paused the code; to be called when a stall is noticed. */
  wasPaused(period: StallPeriod): boolean;
  /** Returns the time in which the process was suspended, in milliseconds; known with the next beat. */
  suspendedMs(period: StallPeriod): number;
}

class LoopActivity {
  /** Infinity until it is watched, so that nothing is ever late. */
  #latestAt = Infinity;
  #latestTrace: object | undefined = undefined;
  #limitMs = Infinity;
  #onStall: (stall: Stall) => void = () => {};

  /**
   * Reports stalls from now on.
   *
   * @param now the current time in milliseconds on the monotonic clock
   * @param onStall called within the activity after a stall. Must not throw.
   */
  watch(limitMs: number, now: number, onStall: (stall: Stall) => void): void {
    this.#limitMs = limitMs;
    this.#latestAt = now;
    this.#onStall = onStall;
  }

  /**
   * Notes a call of the app's code: the start of a span, the head of a response.
   *
   * @param trace the local trace of the unit of work
   */
  called(at: number, trace: object | undefined): void {
    if (at - this.#latestAt > this.#limitMs) this.#stalled(at, "active");
    if (at > this.#latestAt) this.#latestAt = at;
    this.#latestTrace = trace;
  }

  /**
   * Notes the end of a job or message, whose code has just returned.
   */
  returned(at: number, unit: StallSlot): void {
    if (at - this.#latestAt > this.#limitMs) this.#stalled(at, { unit });
    if (at > this.#latestAt) this.#latestAt = at;
    this.#latestTrace = unit.localTrace;
  }

  /**
   * Notes an event of a unit of work that may arrive from outside, such as the end of a
   * query: it may be the first one in a turn after that of the code that blocked.
   */
  occurred(at: number, trace: object | undefined): void {
    if (at - this.#latestAt > this.#limitMs) {
      this.#stalled(at, trace !== undefined && trace === this.#latestTrace ? { trace } : undefined);
    }
    if (at > this.#latestAt) this.#latestAt = at;
    this.#latestTrace = trace;
  }

  /** Notes a timer, which shows that the loop runs. */
  ticked(at: number): void {
    if (at - this.#latestAt > this.#limitMs) this.#stalled(at, undefined);
    this.#latestAt = at;
    this.#latestTrace = undefined;
  }

  /** Notes work of telltale's own, such as the start of a profile: no time before `at` is a stall. */
  skipped(at: number): void {
    if (at > this.#latestAt) this.#latestAt = at;
  }

  #stalled(to: number, by: Stall["by"]): void {
    this.#onStall({ from: this.#latestAt, to, by });
  }
}

/** The activity of this thread. */
export const loopActivity: LoopActivity = new LoopActivity();
