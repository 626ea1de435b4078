import type { SampledKind } from "./profiler.ts";

/** A profile in pprof's format, compressed. */
export interface ProfileFile {
  readonly kind: SampledKind;
  /** Sortable by time: `20261201T061502123Z-shop-4711-cpu.pb.gz`. */
  readonly name: string;
  readonly content: Uint8Array;
  /** Milliseconds since 1970, as `endMs`. */
  readonly startMs: number;
  readonly endMs: number;
}

/** Matches the names of profiles, of whatever service. */
export const PROFILE_NAME: RegExp = /^\d{8}T\d{9}Z-[\w.-]+-\d+-(?:cpu|heap)\.pb\.gz$/;

/** Longer names of services are truncated. */
const MAX_SERVICE_LENGTH = 60;

export function profileName(kind: SampledKind, startMs: number, service: string): string {
  const time = new Date(startMs).toISOString().replaceAll(/[-:.]/g, "");
  const shown = service.slice(0, MAX_SERVICE_LENGTH).replaceAll(/[^\w.-]/g, "_");
  return `${time}-${shown === "" ? "app" : shown}-${process.pid}-${kind}.pb.gz`;
}
