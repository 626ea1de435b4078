import { monitorEventLoopDelay } from "node:perf_hooks";

type EventLoopUtilization = ReturnType<typeof performance.eventLoopUtilization>;
type DelayMonitor = ReturnType<typeof monitorEventLoopDelay>;

/** Half of the longest window. */
const HALF_WINDOW_MS = 30_000;

/**
 * The interval of the delay monitor, a timer of libuv (unref'd, no JavaScript). Two
 * monitors at 20 ms take 1.9 ms of CPU a second in an idle process; one at 10 ms
 * takes 3.1, a JavaScript timer of 20 ms 3.9 (measured, Node 26).
 */
const RESOLUTION_MS = 20;

/** The state of the counters at one point in time. */
interface CounterSnapshot {
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly loop: EventLoopUtilization;
  readonly delays: DelayMonitor;
}

export interface EventLoopDelays {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/**
 * A sliding window over the last 30 to 60 seconds (at first, since start). Two
 * snapshots rotate, and values are reported relative to the older one. Reading
 * changes nothing: two Prometheus servers, OTLP and a person with curl all see
 * the same values, whereas a histogram that each reading resets is right for one
 * reader only.
 */
export class SlidingWindow {
  #older: CounterSnapshot;
  #younger: CounterSnapshot;

  constructor() {
    this.#older = takeSnapshot(startDelayMonitor());
    this.#younger = takeSnapshot(startDelayMonitor());
    setInterval(() => this.#rotate(), HALF_WINDOW_MS).unref();
  }

  /** Returns the delays in seconds; undefined before the first sample. */
  delays(): EventLoopDelays | undefined {
    const { delays } = this.#older;
    if (delays.count === 0) return undefined;
    return {
      min: delayOf(delays.min),
      max: delayOf(delays.max),
      mean: delayOf(delays.mean),
      stddev: delays.stddev / 1e9,
      p50: delayOf(delays.percentile(50)),
      p90: delayOf(delays.percentile(90)),
      p99: delayOf(delays.percentile(99)),
    };
  }

  /** Returns the ratio of time in which the event loop was active, from 0 to 1. */
  loopUtilization(): number {
    return performance.eventLoopUtilization(this.#older.loop).utilization;
  }

  /** Returns CPU seconds per second, by mode. */
  cpuUtilization(): { readonly user: number; readonly system: number } {
    const { cpu, at } = this.#older;
    const elapsedUs = Math.max(1, (performance.now() - at) * 1000);
    const { user, system } = process.cpuUsage(cpu);
    return { user: user / elapsedUs, system: system / elapsedUs };
  }

  #rotate(): void {
    const { delays } = this.#older;
    delays.reset();
    this.#older = this.#younger;
    this.#younger = takeSnapshot(delays);
  }
}

function startDelayMonitor(): DelayMonitor {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return delays;
}

function takeSnapshot(delays: DelayMonitor): CounterSnapshot {
  return {
    at: performance.now(),
    cpu: process.cpuUsage(),
    loop: performance.eventLoopUtilization(),
    delays,
  };
}

/** Converts to seconds of delay: Node measures the time between two samples, which for an idle loop is the resolution. */
function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
}
