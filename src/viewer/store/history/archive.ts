import type { OtlpSignal } from "../../../otlp/decode.ts";
import type { ProfileSummary, Run, UnitSummary } from "../../model.ts";

/** A unit of work in the index. */
export interface StoredUnit {
  readonly summary: UnitSummary;
  /** Attributes of its root, one `key:value` a line, for filters. */
  readonly attributes: string;
}

/**
 * A part of a trace, which is stored and dropped whole. Nearly all traces have one; one
 * with thousands of spans, such as that of a load test with a constant `traceparent`,
 * has more.
 */
export interface PartRecord {
  readonly id: string;
  readonly traceId: string;
  /** Milliseconds since 1970, of the first span or log record and of the last change. */
  readonly start: number;
  readonly changed: number;
  readonly spans: number;
  readonly logs: number;
  /** Of its segments. */
  readonly bytes: number;
  readonly units: readonly StoredUnit[];
}

/** Telemetry that is in no trace: log records of the background, and metrics. */
export interface BatchRecord {
  readonly id: number;
  readonly signal: Exclude<OtlpSignal, "traces">;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Of the content, by which a second import is recognized. */
  readonly hash: string;
  readonly bytes: number;
}

export interface ProfileRecord {
  readonly summary: ProfileSummary;
  readonly traceId: string;
  readonly spanId: string;
  readonly bytes: number;
}

/** What a history starts with. */
export interface ArchiveIndex {
  readonly parts: readonly PartRecord[];
  readonly batches: readonly BatchRecord[];
  readonly runs: readonly Run[];
  readonly profiles: readonly ProfileRecord[];
}

/** Changes that are written together. */
export interface ArchiveChanges {
  /** Parts with the segment that is added to them; undefined if only their index has changed. */
  readonly parts: readonly {
    readonly record: PartRecord;
    readonly segment: Uint8Array | undefined;
  }[];
  readonly batches: readonly {
    readonly record: Omit<BatchRecord, "id">;
    readonly data: Uint8Array;
  }[];
  readonly runs: readonly Run[];
  readonly profiles: readonly { readonly record: ProfileRecord; readonly content: Uint8Array }[];
}

/** Compressed telemetry, in memory or on disk. Its methods throw `ArchiveError`. */
export interface Archive {
  /** Path of the file; undefined in memory. */
  readonly path: string | undefined;
  load(): ArchiveIndex;
  /** Returns whether another process has changed the archive since the last call. */
  hasForeignChanges(): boolean;
  /** Writes everything or nothing, and returns the ids of the batches. */
  write(changes: ArchiveChanges): number[];
  /** Returns the segments of a part in the order of their writing; none if it was dropped. */
  segments(part: string): Uint8Array[];
  batch(id: number): Uint8Array | undefined;
  profile(id: string): Uint8Array | undefined;
  remove(removed: Removed): void;
  /** Size of everything, in bytes. */
  size(): number;
  close(): void;
}

export interface Removed {
  readonly parts?: readonly string[];
  readonly batches?: readonly number[];
  readonly runs?: readonly string[];
  readonly profiles?: readonly string[];
}

/** `busy`: another process writes; `full`: no space; `corrupt`: the file is damaged. */
export type ArchiveProblem = "busy" | "full" | "corrupt" | "unusable";

export class ArchiveError extends Error {
  readonly problem: ArchiveProblem;

  constructor(problem: ArchiveProblem, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.problem = problem;
  }
}
