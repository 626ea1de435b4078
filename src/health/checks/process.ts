import { statfs } from "node:fs/promises";
import { createHistogram } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { HealthCheckFunction } from "../../api.ts";

/** Limits of free space. If there are several, each applies. */
export interface DiskSpaceOptions {
  /** Share of the file system that must be free, from 0 to 1. Default: 0.05, without `minFreeBytes`. */
  readonly minFreeRatio?: number;
  readonly minFreeBytes?: number;
}

/**
 * Checks the space that is free on a file system for this user.
 *
 * @param path of any file or folder on it
 */
export function diskSpace(path: string, options: DiskSpaceOptions = {}): HealthCheckFunction {
  const { minFreeBytes = 0 } = options;
  const { minFreeRatio = options.minFreeBytes === undefined ? 0.05 : 0 } = options;
  return async () => {
    const { bavail, blocks, bsize } = await statfs(path);
    const bytes = bavail * bsize;
    // Some file systems, such as those of FUSE, have no size.
    const ratio = blocks === 0 ? 1 : bavail / blocks;
    const isEnough = bytes >= minFreeBytes && ratio >= minFreeRatio;
    const limit = minFreeRatio > 0 ? percent(minFreeRatio) : `${minFreeBytes} bytes`;
    const error = `${bytes} bytes (${percent(ratio)}) are free, expected at least ${limit}`;
    const detail = { free_bytes: bytes, free_ratio: rounded(ratio) };
    return { status: isEnough ? "pass" : "fail", detail: isEnough ? detail : { ...detail, error } };
  };
}

/** How often the delay of the event loop is measured. */
const SAMPLE_INTERVAL_MS = 50;

/**
 * Checks how late the event loop was since the last run: the 99th percentile of its delay, at a
 * timer that does not keep the process alive.
 *
 * @param options `max`: the highest delay that passes, in milliseconds. Default: 250.
 */
export function eventLoopDelay({ max = 250 }: { readonly max?: number } = {}): HealthCheckFunction {
  const delays = new DelaySamples();
  return () => {
    const delayMs = delays.takeP99();
    if (delayMs <= max) return { status: "pass", detail: { delay_ms: delayMs } };
    const error = `the event loop is ${delayMs} ms late, expected at most ${max}`;
    return { status: "fail", detail: { delay_ms: delayMs, error } };
  };
}

/**
 * Delays of a timer. `monitorEventLoopDelay` of Node loses the interval in which its
 * histogram is reset, which is that of a block just before a check.
 */
class DelaySamples {
  readonly #delays = createHistogram();
  #expectedAt = performance.now() + SAMPLE_INTERVAL_MS;

  constructor() {
    setInterval(() => this.#sample(), SAMPLE_INTERVAL_MS).unref();
  }

  /** Returns the 99th percentile since the last call, in milliseconds. */
  takeP99(): number {
    // The check may run before the timer, which is late as well.
    this.#add(performance.now() - this.#expectedAt);
    const ms = this.#delays.percentile(99) / 1000;
    this.#delays.reset();
    return rounded(ms);
  }

  #sample(): void {
    const now = performance.now();
    this.#add(now - this.#expectedAt);
    this.#expectedAt = now + SAMPLE_INTERVAL_MS;
  }

  /** Histograms have whole numbers above 0: microseconds. */
  #add(ms: number): void {
    this.#delays.record(Math.max(1, Math.round(ms * 1000)));
  }
}

/**
 * Checks how much of its limit V8's heap uses.
 *
 * @param options `maxRatio`: the highest share that passes, from 0 to 1. Default: 0.9.
 */
export function heap({ maxRatio = 0.9 }: { readonly maxRatio?: number } = {}): HealthCheckFunction {
  return () => {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const ratio = used / limit;
    const detail = { used_bytes: used, limit_bytes: limit, used_ratio: rounded(ratio) };
    if (ratio <= maxRatio) return { status: "pass", detail };
    const error = `${percent(ratio)} of the heap's limit are used, expected at most ${percent(maxRatio)}`;
    return { status: "fail", detail: { ...detail, error } };
  };
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 1000) / 10}%`;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
