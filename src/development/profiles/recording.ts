import type { Session } from "node:inspector";
import { type CpuProfile, trimProfile } from "./trim.ts";

export type ProfileKind = "cpu" | "allocation";

/** Interval between samples of a CPU profile: a request of 20 ms has a hundred. */
export const CPU_INTERVAL_US = 200;

/** Average number of bytes between samples of an allocation profile. */
export const ALLOCATION_INTERVAL_BYTES = 4_096;

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
export function startRecording(kind: ProfileKind): Recording {
  const session = newSession();
  try {
    return kind === "cpu" ? startCpu(session) : startAllocation(session);
  } catch (error) {
    session.disconnect();
    throw error;
  }
}

function startCpu(session: Session): Recording {
  post(session, "Profiler.enable");
  post(session, "Profiler.setSamplingInterval", { interval: CPU_INTERVAL_US });
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
function startAllocation(session: Session): Recording {
  if (isRecordingAllocations(session)) {
    throw new Error("the app records a profile of its allocations itself");
  }
  post(session, "HeapProfiler.startSampling", {
    samplingInterval: ALLOCATION_INTERVAL_BYTES,
    // What a request allocates is mostly collected before its end.
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  return { stop: () => stopBy(session, "HeapProfiler.stopSampling") };
}

function isRecordingAllocations(session: Session): boolean {
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
