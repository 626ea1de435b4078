import { monitorEventLoopDelay } from "node:perf_hooks";

type EventLoopUtilization = ReturnType<typeof performance.eventLoopUtilization>;
type DelayMonitor = ReturnType<typeof monitorEventLoopDelay>;

/** Half of what "recent" means. */
const HALF_WINDOW_MS = 30_000;

/**
 * Every 20 ms a timer of libuv's fires (unref'd, no JavaScript). Two of them
 * cost 1.9 ms of CPU a second in an idle process, where 10 ms cost 3.1 for one
 * and a JavaScript timer of 20 ms costs 3.9 (tried, Node 26).
 */
const RESOLUTION_MS = 20;

/** The state of counters at one moment. */
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
 * What happened in the last 30 to 60 seconds (since start, at first). Two marks
 * are set in turns, and everything is told since the older one. So reading
 * changes nothing: two Prometheus servers, OTLP and a person with curl can all
 * look and all see the same, where a histogram that is reset by each reading is
 * right for one reader only.
 */
export class SlidingWindow {
  #older: CounterSnapshot;
  #younger: CounterSnapshot;

  constructor() {
    this.#older = takeSnapshot(startDelayMonitor());
    this.#younger = takeSnapshot(startDelayMonitor());
    setInterval(() => this.#rotate(), HALF_WINDOW_MS).unref();
  }

  /** In seconds; undefined before the first sample. */
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

  /** 0 to 1: the share of time in which the event loop was busy. */
  loopUtilization(): number {
    return performance.eventLoopUtilization(this.#older.loop).utilization;
  }

  /** CPU seconds per second, by mode. */
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

/** Node counts the time between two samples, so an idle loop shows the resolution; the delay is what is above. */
function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
}
