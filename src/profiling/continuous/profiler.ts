import { now, wallClockOriginAt } from "../../clock.ts";
import { labelsOf } from "../recorded-pprof.ts";
import { isRecordingAllocations } from "../recording.ts";
import type { LabelsOf, PackageProfile, PprofPackage } from "./pprof-package.ts";
import { columnKeeper } from "./sampled-pprof.ts";
import {
  AsyncWorkContext,
  followsAsyncWork,
  labelsOfSample,
  type WorkContext,
} from "./work-context.ts";

/** 100 samples per second. */
export const SAMPLES_PER_SECOND = 100;
const INTERVAL_US = 1_000_000 / SAMPLES_PER_SECOND;
/** Average number of bytes between samples of allocations, and the functions of their stacks. */
export const HEAP_INTERVAL_BYTES: number = 512 * 1024;
const HEAP_STACK_DEPTH = 64;

export type SampledKind = "cpu" | "heap";

/** What was sampled in a period. */
export interface SampledPeriod {
  readonly startMs: number;
  readonly durationMs: number;
  readonly profiles: readonly { readonly kind: SampledKind; readonly profile: PackageProfile }[];
}

/** The contexts of work by which samples get labels. */
export interface WorkContexts {
  readonly asynchronous: WorkContext;
  readonly lone: WorkContext;
}

/** Samples the time and the memory of this thread without a pause, by the app's package. */
export class ContinuousProfiler {
  readonly #package: PprofPackage;
  readonly #labelsOf: LabelsOf;
  readonly #contexts: WorkContexts;
  #context: WorkContext | undefined = undefined;
  #hasHeap = false;
  #startedAt = 0;
  /** Restores the package. */
  #release = (): void => {};

  /** @param hasTraceIds whether samples have the id of the trace beside that of the span */
  constructor(pprof: PprofPackage, contexts: WorkContexts, hasTraceIds: boolean) {
    this.#package = pprof;
    this.#contexts = contexts;
    this.#labelsOf = (sample) => {
      const found = labelsOfSample(sample);
      if (found === undefined) return {};
      const { trace_id: traceId, ...labels } = labelsOf(found);
      return hasTraceIds ? { trace_id: traceId!, ...labels } : labels;
    };
  }

  /** Whether it samples: the app may have stopped it. */
  get isActive(): boolean {
    return this.#context !== undefined && this.#package.time.isStarted();
  }

  /** Whether samples have the labels of their own work while several units are in flight. */
  get followsAsyncWork(): boolean {
    return this.#context instanceof AsyncWorkContext;
  }

  /**
   * @param onTaken called when the app starts the package's profiler itself: this one has
   *   ended then.
   * @throws what the package throws
   */
  start(onTaken: () => void): void {
    this.#context = this.#startTime();
    this.#context.start(this.#package.time);
    this.startHeap();
    this.#startedAt = now();
    this.#giveWay(onTaken);
  }

  /** Samples allocations, unless the app does so itself. */
  startHeap(): void {
    const { heap } = this.#package;
    try {
      if (this.#hasHeap || this.#context === undefined || isRecordingAllocations()) return;
      heap.start(HEAP_INTERVAL_BYTES, HEAP_STACK_DEPTH);
      this.#hasHeap = true;
    } catch {
      // The app has started it.
    }
  }

  stopHeap(): void {
    if (this.#hasHeap) this.#package.heap.stop();
    this.#hasHeap = false;
  }

  /** Ends a period, and starts the next one. */
  collect(): SampledPeriod {
    const { time, heap } = this.#package;
    const startedAt = this.#startedAt;
    const at = now();
    const cpu = time.stop(true, this.#labelsOf);
    const profiles: SampledPeriod["profiles"][number][] = [{ kind: "cpu", profile: cpu }];
    if (this.#hasHeap) {
      const profile = heap.profile(undefined, columnKeeper, undefined, "emit");
      profiles.push({ kind: "heap", profile });
    }
    this.#startedAt = now();
    const startMs = wallClockOriginAt(startedAt) + startedAt;
    return { startMs, durationMs: at - startedAt, profiles };
  }

  stop(): void {
    this.#release();
    this.stopHeap();
    this.#context?.stop();
    this.#context = undefined;
    const { time } = this.#package;
    if (time.isStarted()) time.stop(false, this.#labelsOf);
  }

  /** Prefers the context of asynchronous code. Where there is none, Node 22 reports no error, and Windows one. */
  #startTime(): WorkContext {
    const { time } = this.#package;
    const options = {
      intervalMicros: INTERVAL_US,
      // The size of its buffer of samples: twice the period, since a busy process may be late.
      durationMillis: 120_000,
      withContexts: true,
      collectCpuTime: true,
      workaroundV8Bug: true,
      sourceMapper: columnKeeper,
      columnNumbers: "emit",
    };
    const { asynchronous, lone } = this.#contexts;
    try {
      time.start({ ...options, useCPED: true });
      if (followsAsyncWork(time)) return asynchronous;
      time.stop(false, this.#labelsOf);
    } catch {
      // Not supported here.
    }
    time.start(options);
    return lone;
  }

  /** Lets the app start the profiler, of which there is one for the thread. */
  #giveWay(onTaken: () => void): void {
    const { time } = this.#package;
    const { start } = time;
    const replacement: typeof start = (options) => {
      this.stop();
      onTaken();
      start.call(time, options);
    };
    time.start = replacement;
    this.#release = () => {
      if (time.start === replacement) time.start = start;
    };
  }
}
