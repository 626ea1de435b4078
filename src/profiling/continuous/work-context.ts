import type { Context } from "@opentelemetry/api";
import { contextStorage } from "../../context/manager.ts";
import type { WatchedUnit, WorkObserver } from "../../context/unit-views.ts";
import { watchedUnitIn } from "../../context/unit-access.ts";
import { LoneWork } from "../lone-work.ts";
import { UnitLabels } from "../unit-labels.ts";
import type { SampleContext, TimeProfiler } from "./pprof-package.ts";

/** Passes the labels of the work that runs to the profiler, so that each sample has its own. */
export interface WorkContext extends WorkObserver {
  /** Starts with the profiler, which is started already. */
  start(time: TimeProfiler): void;
  stop(): void;
}

/** Returns the labels that a sample was taken with. */
export function labelsOfSample({ context }: SampleContext): UnitLabels | undefined {
  const labels = context?.context;
  return labels instanceof UnitLabels ? labels : undefined;
}

/** The context of samples outside of work. */
const NO_WORK = {};

/** Whether the profiler knows the context of asynchronous code: on Node 24 and later, except on Windows. */
export function followsAsyncWork(time: TimeProfiler): boolean {
  try {
    const probe = {};
    return time.runWithContext(probe, () => time.getContext() === probe);
  } catch {
    return false;
  }
}

/**
 * Labels by the context of asynchronous code: where telltale's own storage gets another unit
 * of work, the profiler's gets its labels, for as long. `time.setContext` would change
 * the labels of the code around, too.
 */
export class AsyncWorkContext implements WorkContext {
  readonly #labels = new WeakMap<WatchedUnit, UnitLabels>();

  arriving(): void {}

  started(unit: WatchedUnit): void {
    const labels = UnitLabels.of(unit);
    if (labels !== undefined) this.#labels.set(unit, labels);
  }

  start(time: TimeProfiler): void {
    const run = contextStorage.run as (this: unknown, ...args: unknown[]) => unknown;
    const runInContext = (context: Context, work: unknown, args: unknown[]): unknown =>
      run.call(contextStorage, context, work, ...args);
    const replacement = (context: Context, work: unknown, ...args: unknown[]): unknown => {
      const unit = watchedUnitIn(context);
      const current = contextStorage.getStore();
      const isSame = unit === (current && watchedUnitIn(current));
      if (isSame || !time.isStarted()) return run.call(contextStorage, context, work, ...args);
      const labels = (unit && this.#labels.get(unit)) ?? NO_WORK;
      return time.runWithContext(labels, runInContext, context, work, args);
    };
    contextStorage.run = replacement;
  }

  stop(): void {
    Reflect.deleteProperty(contextStorage, "run");
  }
}

/**
 * Labels only work that is alone in flight, for a profiler that has one context for all
 * code.
 */
export class LoneWorkContext implements WorkContext {
  readonly #work = new LoneWork(() => this.#update());
  #time: TimeProfiler | undefined = undefined;
  #labelled: WatchedUnit | undefined = undefined;

  arriving(): void {}

  started(unit: WatchedUnit): void {
    this.#work.started(unit);
  }

  start(time: TimeProfiler): void {
    this.#time = time;
    this.#labelled = undefined;
    this.#update();
  }

  stop(): void {
    this.#time = undefined;
  }

  #update(): void {
    const { unit } = this.#work;
    if (unit === this.#labelled || this.#time?.isStarted() !== true) return;
    this.#labelled = unit;
    this.#time.setContext((unit && UnitLabels.of(unit)) ?? NO_WORK);
  }
}
