import type { Session } from "node:inspector";
import { type CpuProfile, trimProfile } from "./trim.ts";

export type ProfileKind = "cpu" | "allocation";

/** How closely a thread is sampled. */
export interface SamplingIntervals {
  /** Microseconds between samples of a CPU profile. */
  readonly cpuUs: number;
  /** Average number of bytes between samples of an allocation profile. */
  readonly allocationBytes: number;
}

export interface RecordingOptions extends SamplingIntervals {
  /** Whether an allocation profile has only what is still in use at its end. Default: all. */
  readonly inUseOnly?: boolean;
}

/** A profile of this thread that is being recorded. */
export interface Recording {
  /** Ends the recording, and returns what V8 has recorded. Throws if V8 has nothing. */
  stop(): unknown;
}

/**
 * Starts to record a profile of this thread, in a session of its own, so that another
 * session of the app and `--cpu-prof` record as before. The first sample follows
 * after about 50 ms, in which V8 registers all functions: nothing runs meanwhile.
 *
 * @throws Error if Node has no inspector, or does not permit it
 */
export function startRecording(kind: ProfileKind, options: RecordingOptions): Recording {
  const session = newSession();
  try {
    return kind === "cpu" ? startCpu(session, options) : startAllocation(session, options);
  } catch (error) {
    session.disconnect();
    throw error;
  }
}

function startCpu(session: Session, { cpuUs }: SamplingIntervals): Recording {
  post(session, "Profiler.enable");
  post(session, "Profiler.setSamplingInterval", { interval: cpuUs });
  post(session, "Profiler.start");
  const from = microseconds();
  return {
    stop() {
      const to = microseconds();
      const profile = stopBy(session, "Profiler.stop");
      if (profile !== undefined) trimProfile(profile as CpuProfile, from, to);
      return profile;
    },
  };
}

function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/**
 * Starts V8's one profiler of allocations. A session that stops it stops it for all, so
 * that an app that records by itself, or with `--heap-prof`, is left alone.
 */
function startAllocation(
  session: Session,
  { allocationBytes, inUseOnly = false }: RecordingOptions,
): Recording {
  if (hasAllocationSampler(session)) {
    throw new Error("the app records a profile of its allocations itself");
  }
  post(session, "HeapProfiler.startSampling", {
    samplingInterval: allocationBytes,
    // What a request allocates is mostly collected before its end.
    includeObjectsCollectedByMajorGC: !inUseOnly,
    includeObjectsCollectedByMinorGC: !inUseOnly,
  });
  return { stop: () => stopBy(session, "HeapProfiler.stopSampling") };
}

/**
 * Whether allocations of this thread are recorded, by whomever.
 *
 * @throws Error if Node has no inspector, or does not permit it
 */
export function isRecordingAllocations(): boolean {
  const session = newSession();
  try {
    return hasAllocationSampler(session);
  } finally {
    session.disconnect();
  }
}

function hasAllocationSampler(session: Session): boolean {
  try {
    post(session, "HeapProfiler.getSamplingProfile");
    return true;
  } catch {
    // V8 sampling heap profiler was not started.
    return false;
  }
}

function stopBy(session: Session, method: string): unknown {
  try {
    return (post(session, method) as { readonly profile?: unknown } | undefined)?.profile;
  } finally {
    session.disconnect();
  }
}

function newSession(): Session {
  const inspector = process.getBuiltinModule("node:inspector");
  const session = new inspector.Session();
  session.connect();
  return session;
}

/** Sends a command to the inspector of this thread, which answers before `post` returns. */
function post(session: Session, method: string, parameters: object = {}): unknown {
  let answer: { readonly error: Error | null; readonly result: unknown } | undefined;
  session.post(method, parameters, (error: Error | null, result: unknown) => {
    answer = { error, result };
  });
  if (answer === undefined) throw new Error(`${method} was not answered`);
  if (answer.error !== null) throw new Error(describe(answer.error));
  return answer.result;
}

/** Errors of the inspector are objects. */
function describe(error: { readonly message?: unknown }): string {
  return String(error.message);
}
