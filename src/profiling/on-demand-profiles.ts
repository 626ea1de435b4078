import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { now, wallClockOriginAt } from "../clock.ts";
import { loopActivity } from "../loop-activity.ts";
import { removeUrlContents } from "./call-frames.ts";
import { mappedPositions } from "./mapped-positions.ts";
import {
  type AllocationNode,
  allocationPprof,
  cpuPprof,
  type CpuRecording,
} from "./recorded-pprof.ts";
import { type ProfileKind, type Recording, startRecording } from "./recording.ts";
import type { WorkTimeline } from "./work-timeline.ts";

const compress = promisify(gzip);

export const MAX_SECONDS = 60;
export const MAX_PER_HOUR = 20;
const HOUR_MS = 3_600_000;
/** Maximum size of a profile before compression, in bytes. */
const MAX_BYTES = 64_000_000;

/** V8's own default intervals: a profile of an app in production should cost little. */
const INTERVALS = { cpuUs: 1_000, allocationBytes: 32_768 } as const;

/** What an operator asks for. */
export interface ProfileRequest {
  readonly kind: ProfileKind;
  readonly seconds: number;
  /** pprof, compressed; or V8's own, `.cpuprofile` or `.heapprofile`, as JSON. */
  readonly format: "pprof" | "v8";
  /** Whether an allocation profile has only what is in use at its end. */
  readonly inUseOnly: boolean;
  /** Aborted when the client has disconnected. */
  readonly signal: AbortSignal;
}

/** A profile as a file. */
export interface RecordedFile {
  readonly name: string;
  readonly content: Buffer;
}

/** Why there is no profile. */
export interface ProfileRefusal {
  /** The status of the response. */
  readonly status: 409 | 413 | 429 | 499 | 500;
  readonly reason: string;
  readonly retryAfterSeconds?: number;
}

/**
 * Records CPU and allocation profiles of this thread for an operator: one at a time, and
 * a limited number per hour. Between them nothing is recorded.
 */
export class OnDemandProfiles {
  readonly #service: string;
  readonly #work: WorkTimeline;
  readonly #pauseHeap: () => () => void;
  readonly #maxBytes: number;
  /** The starts of the last hour, in milliseconds on the monotonic clock. */
  #startTimes: number[] = [];
  #isRecording = false;

  /**
   * @param pauseHeap ends the continuous profile of allocations until the returned function is called
   * @param maxBytes maximum size of a profile before compression
   */
  constructor(
    service: string,
    work: WorkTimeline,
    pauseHeap: () => () => void,
    maxBytes: number = MAX_BYTES,
  ) {
    this.#maxBytes = maxBytes;
    this.#service = service;
    this.#work = work;
    this.#pauseHeap = pauseHeap;
  }

  /** Records one profile. Never rejects. */
  async record(request: ProfileRequest): Promise<RecordedFile | ProfileRefusal> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return refusal;
    this.#isRecording = true;
    const resumeHeap = request.kind === "allocation" ? this.#pauseHeap() : undefined;
    try {
      return await this.#record(request);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 500, reason: `no profile was recorded: ${reason}` };
    } finally {
      resumeHeap?.();
      this.#isRecording = false;
    }
  }

  /** Whether one is being recorded, and how many more may be within the hour. */
  state(): { readonly isRecording: boolean; readonly remaining: number } {
    this.#forgetOldStarts(now());
    const remaining = MAX_PER_HOUR - this.#startTimes.length;
    return { isRecording: this.#isRecording, remaining };
  }

  #forgetOldStarts(at: number): void {
    this.#startTimes = this.#startTimes.filter((time) => time > at - HOUR_MS);
  }

  #refusal(): ProfileRefusal | undefined {
    if (this.#isRecording) return { status: 409, reason: "another profile is being recorded" };
    const at = now();
    this.#forgetOldStarts(at);
    const [first] = this.#startTimes;
    if (first === undefined || this.#startTimes.length < MAX_PER_HOUR) return undefined;
    return {
      status: 429,
      reason: `${MAX_PER_HOUR} profiles were recorded within an hour, which is the limit`,
      retryAfterSeconds: Math.ceil((first + HOUR_MS - at) / 1000),
    };
  }

  async #record(request: ProfileRequest): Promise<RecordedFile | ProfileRefusal> {
    const { kind, inUseOnly, seconds, signal } = request;
    const recording = startOrRefuse(kind, inUseOnly);
    if ("reason" in recording) return recording;
    const startedAt = now();
    this.#startTimes.push(startedAt);
    // V8 has registered all functions meanwhile, which is no stall of the app's code.
    loopActivity.skipped(startedAt);
    this.#work.start();
    const isComplete = await pause(seconds * 1000, signal);
    const endedAt = now();
    const work = this.#work.stop();
    const profile = recording.stop();
    loopActivity.skipped(now());
    if (!isComplete) return { status: 499, reason: "the client has disconnected" };
    removeUrlContents(profile);
    const startMs = wallClockOriginAt(startedAt) + startedAt;
    const time = { startMs, startedAt, durationMs: endedAt - startedAt };
    const content = await this.#encode(request, profile, { ...time, work });
    if (content === undefined) return tooLarge(this.#maxBytes);
    return { name: fileName(request, startMs), content };
  }

  /** Returns undefined for a profile that is too large. */
  async #encode(
    { kind, format, inUseOnly }: ProfileRequest,
    profile: unknown,
    { work, startedAt, ...time }: RecordedPeriod,
  ): Promise<Buffer | undefined> {
    if (format === "v8") {
      const text = JSON.stringify(profile);
      return text.length > this.#maxBytes ? undefined : Buffer.from(text);
    }
    const mapped = await mappedPositions(profile);
    const shared = { ...time, comments: [`${this.#service}, process ${process.pid}`] };
    const content =
      kind === "cpu"
        ? cpuPprof(profile as CpuRecording, work, mapped, {
            ...shared,
            startedAt,
            period: INTERVALS.cpuUs * 1000,
          })
        : allocationPprof(
            (profile as { readonly head: AllocationNode }).head,
            inUseOnly ? "inuse_space" : "alloc_space",
            mapped,
            { ...shared, period: INTERVALS.allocationBytes },
          );
    loopActivity.skipped(now());
    return content.length > this.#maxBytes ? undefined : compress(content);
  }
}

interface RecordedPeriod {
  readonly startMs: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly work: ReturnType<WorkTimeline["stop"]>;
}

function tooLarge(maxBytes: number): ProfileRefusal {
  const reason = `the profile has more than ${maxBytes / 1e6} MB: ask for fewer seconds`;
  return { status: 413, reason };
}

/** An app that records allocations itself, as continuous profiling does, is left alone. */
function startOrRefuse(kind: ProfileKind, inUseOnly: boolean): Recording | ProfileRefusal {
  try {
    return startRecording(kind, { ...INTERVALS, inUseOnly });
  } catch (error) {
    return { status: 409, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Waits without keeping the process alive; returns false if the signal ends it before. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  if (signal.aborted) return Promise.resolve(false);
  const onAbort = (): void => resolve(false);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => resolve(true), ms).unref();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}

const EXTENSIONS = { cpu: ".cpuprofile", allocation: ".heapprofile" } as const;

/** Returns a name such as `cpu-20261201T061502Z.pb.gz`. */
function fileName({ kind, format }: ProfileRequest, startMs: number): string {
  const time = new Date(startMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const extension = format === "pprof" ? ".pb.gz" : EXTENSIONS[kind];
  return `${kind === "cpu" ? "cpu" : "heap"}-${time}${extension}`;
}
