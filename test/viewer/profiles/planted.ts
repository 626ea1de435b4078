import { startRecording } from "../../../src/profiling/recording.ts";
import type { RecordedProfile } from "../../../src/viewer/profiles/recorded-profile.ts";

const INTERVALS = { cpuUs: 200, allocationBytes: 4_096 };
const SQUARES = 60_000;

/** So often V8 has some samples, though all threads are stopped in between. */
const MIN_ROUNDS = 20;

/** The function that takes most of the time of `recordCpu`. */
export function plantedHot(until: number): number {
  let sum = 0;
  for (let round = 0; round < MIN_ROUNDS || performance.now() < until; round++) {
    for (let at = 0; at < SQUARES; at++) sum += Math.sqrt(at) % 3;
  }
  return sum;
}

/** The function that allocates most in `recordAllocations`. */
export function plantedAllocation(count: number): unknown[] {
  const kept: unknown[] = [];
  for (let at = 0; at < count; at++) kept.push({ at, list: [at, at, at] });
  return kept;
}

export function recordCpu(): RecordedProfile {
  const recording = startRecording("cpu", INTERVALS);
  callsHot();
  return recorded("cpu", recording.stop());
}

function callsHot(): void {
  plantedHot(performance.now() + 200);
}

export function recordAllocations(): RecordedProfile {
  const recording = startRecording("allocation", INTERVALS);
  plantedAllocation(50_000);
  return recorded("allocation", recording.stop());
}

export function recorded(kind: "cpu" | "allocation", profile: unknown): RecordedProfile {
  return {
    summary: {
      id: "a1b2c3d4",
      kind,
      service: "warehouse",
      name: "GET /orders/:id",
      start: 1_800_000_000_000.25,
      durationMs: 200,
      overlapping: 2,
      samples: 1,
    },
    profile,
    projectFolder: process.cwd(),
    mapped: [],
  };
}
