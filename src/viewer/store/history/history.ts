import {
  type Archive,
  type ArchiveChanges,
  ArchiveError,
  type BatchRecord,
  type PartRecord,
  type ProfileRecord,
} from "./archive.ts";
import { type HistoryOptions, openHistory, setAside } from "./history-file.ts";
import { MemoryArchive } from "./memory-archive.ts";
import { candidateOf, chooseDropped, type Limits } from "./retention.ts";
import type { Run } from "../../model.ts";

/** A part with what was known of it before. */
export interface FoundPart {
  readonly part: PartRecord;
  readonly before: PartRecord | undefined;
}

/** What the history calls when it changes by itself. */
export interface HistoryListener {
  isBaseline(run: string): boolean;
  /** Returns a part with what is not written of it yet. */
  current(part: PartRecord): PartRecord;
  /** Parts were dropped, by the limits or by another process. */
  dropped(parts: readonly PartRecord[]): void;
  /** There are parts of an earlier process, or another process has added or changed some. */
  found(parts: readonly FoundPart[], runs: readonly Run[]): void;
}

/** Share of the bytes for log records outside of traces and for metrics, and for profiles. */
const BATCH_SHARE = 0.15;
const PROFILE_SHARE = 0.25;

/** Each has a row in the index. */
const MAX_BATCHES = 20_000;

/** Bytes of a row beside its segment, roughly. */
const ROW_BYTES = 200;

/** In memory everything is smaller than on disk. */
const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * The archive with its index and its limits. Writing goes on in memory if the disk is
 * full or fails.
 */
export class History {
  readonly parts: Map<string, PartRecord> = new Map();
  readonly batches: BatchRecord[] = [];
  readonly profiles: Map<string, ProfileRecord> = new Map();
  readonly #options: HistoryOptions;
  readonly #limits: Limits;
  readonly #listener: HistoryListener;
  #archive: Archive;
  /** The archive on disk, after writing to it has failed. It is still read. */
  #readable: Archive | undefined = undefined;
  /** The error of a read that has found the file damaged. */
  #damage: ArchiveError | undefined = undefined;

  constructor(options: HistoryOptions, limits: Limits, listener: HistoryListener) {
    this.#options = options;
    this.#limits = limits;
    this.#listener = listener;
    this.#archive = openHistory(options);
  }

  get path(): string | undefined {
    return this.#archive.path;
  }

  get size(): number {
    return this.#reading((archive) => archive.size(), 0);
  }

  /** Reads the index, at the start. */
  load(): void {
    this.#synchronize();
  }

  /** @returns false if another process writes just now: the changes have to be written later */
  write(changes: ArchiveChanges): boolean {
    if (this.#options.readOnly) return true;
    const batches = this.#tryWrite(changes);
    if (batches === undefined) return false;
    for (const { record } of changes.parts) this.parts.set(record.id, record);
    for (const { record } of changes.profiles) this.profiles.set(record.summary.id, record);
    for (const [index, { record }] of changes.batches.entries()) {
      this.batches.push({ ...record, id: batches[index] ?? 0 });
    }
    return true;
  }

  /** Drops what exceeds the limits, and reads what another process has changed. */
  tidy(): void {
    if (this.#reading((archive) => archive.hasForeignChanges(), false)) this.#synchronize();
    if (this.#options.readOnly) return;
    if (this.#damage !== undefined) this.#replaceArchive("corrupt", this.#damage);
    this.#dropBatches();
    this.#dropProfiles();
    this.#drop(this.#surplus(this.size));
  }

  segments(part: string): Uint8Array[] {
    const old = this.#readable?.segments(part) ?? [];
    return [...old, ...this.#reading((archive) => archive.segments(part), [])];
  }

  batch(id: number): Uint8Array | undefined {
    return this.#reading((archive) => archive.batch(id), undefined);
  }

  profile(id: string): Uint8Array | undefined {
    return this.#reading((archive) => archive.profile(id), undefined);
  }

  remove(parts: readonly string[]): void {
    this.#drop(parts);
  }

  removeBatches(): void {
    const batches = this.batches.splice(0).map(({ id }) => id);
    this.#removing((archive) => archive.remove({ batches }));
  }

  removeRuns(runs: readonly string[]): void {
    this.#removing((archive) => archive.remove({ runs }));
  }

  close(): void {
    this.#archive.close();
    this.#readable?.close();
  }

  /** @returns the ids of the batches; undefined if it has to be tried again */
  #tryWrite(changes: ArchiveChanges): number[] | undefined {
    try {
      return this.#archive.write(changes);
    } catch (error) {
      const problem = error instanceof ArchiveError ? error.problem : "unusable";
      if (problem === "busy") return undefined;
      if (problem === "full" && this.#makeSpace()) return undefined;
      this.#replaceArchive(problem, error);
      return this.#archive.write(changes);
    }
  }

  /** Drops a quarter of the parts; the limit of the file may be reached before that of the parts. */
  #makeSpace(): boolean {
    const before = this.parts.size;
    const bytes = Math.max(this.#limits.bytes, 1);
    this.#drop(this.#surplus(Math.max(this.size, bytes) + bytes * 0.25));
    return this.parts.size < before;
  }

  #replaceArchive(problem: ArchiveError["problem"], error: unknown): void {
    const { path } = this.#archive;
    const { onMessage } = this.#options;
    this.#damage = undefined;
    if (problem === "corrupt" && path !== undefined) {
      this.#archive.close();
      this.#forget([...this.parts.values()]);
      this.batches.length = 0;
      this.profiles.clear();
      try {
        setAside(path, onMessage);
        this.#archive = openHistory(this.#options);
        return;
      } catch {
        // The folder is not writable any more.
      }
    } else this.#readable = this.#archive;
    this.#archive = new MemoryArchive();
    const reason = error instanceof Error ? error.message : String(error);
    onMessage(`the history ${path} can't be written (${reason}); it goes on in memory`);
  }

  #synchronize(): void {
    const index = this.#reading((archive) => archive.load(), undefined);
    if (index === undefined) return;
    const present = new Set(index.parts.map(({ id }) => id));
    this.#forget([...this.parts.values()].filter(({ id }) => !present.has(id)));
    const changed = index.parts
      .map((part) => ({ part, before: this.parts.get(part.id) }))
      .filter(({ part, before }) => before?.changed !== part.changed);
    for (const { part } of changed) this.parts.set(part.id, part);
    this.batches.splice(0, this.batches.length, ...index.batches);
    for (const record of index.profiles) this.profiles.set(record.summary.id, record);
    this.#listener.found(changed, index.runs);
  }

  #surplus(used: number): string[] {
    const { units, bytes } = this.#limits;
    const limit = this.path === undefined ? Math.min(bytes, MEMORY_BYTES) : bytes;
    if (used <= limit && this.#unitCount() <= units) return [];
    const isBaseline = (run: string): boolean => this.#listener.isBaseline(run);
    const candidates = Array.from(this.parts.values(), (part) => {
      // A part that has just changed is not old, though what is written of it may be.
      const candidate = candidateOf(this.#listener.current(part), isBaseline);
      return { ...candidate, bytes: candidate.bytes + ROW_BYTES };
    });
    return chooseDropped(candidates, { units, bytes: limit }, used);
  }

  #unitCount(): number {
    let count = 0;
    for (const part of this.parts.values()) count += part.units.length;
    return count;
  }

  #drop(ids: readonly string[]): void {
    if (ids.length === 0) return;
    if (!this.#removing((archive) => archive.remove({ parts: ids }))) return;
    this.#forget(ids.flatMap((id) => this.parts.get(id) ?? []));
  }

  #forget(parts: readonly PartRecord[]): void {
    if (parts.length === 0) return;
    for (const { id } of parts) this.parts.delete(id);
    this.#listener.dropped(parts);
  }

  #dropBatches(): void {
    const limit = this.#limits.bytes * BATCH_SHARE;
    let used = this.batches.reduce((sum, { bytes }) => sum + bytes, 0);
    let count = this.batches.length;
    if (used <= limit && count <= MAX_BATCHES) return;
    const dropped: number[] = [];
    for (const { id, bytes } of this.batches) {
      if (used <= limit * 0.9 && count <= MAX_BATCHES * 0.9) break;
      dropped.push(id);
      used -= bytes;
      count--;
    }
    if (!this.#removing((archive) => archive.remove({ batches: dropped }))) return;
    this.batches.splice(0, dropped.length);
  }

  #dropProfiles(): void {
    const limit = this.#limits.bytes * PROFILE_SHARE;
    let used = [...this.profiles.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const dropped: string[] = [];
    const oldestFirst = [...this.profiles.values()].toSorted(
      (a, b) => a.summary.start - b.summary.start,
    );
    for (const { summary, bytes } of oldestFirst) {
      if (used <= limit) break;
      dropped.push(summary.id);
      used -= bytes;
    }
    if (dropped.length === 0) return;
    if (!this.#removing((archive) => archive.remove({ profiles: dropped }))) return;
    for (const id of dropped) this.profiles.delete(id);
  }

  /** @returns false if that failed; it is tried again later */
  #removing(remove: (archive: Archive) => void): boolean {
    if (this.#options.readOnly) return false;
    try {
      remove(this.#archive);
      return true;
    } catch (error) {
      if (error instanceof ArchiveError && error.problem === "corrupt") this.#damage ??= error;
      return false;
    }
  }

  /** A damaged file is replaced later, since its caller reads several things. */
  #reading<Value>(read: (archive: Archive) => Value, otherwise: Value): Value {
    try {
      return read(this.#archive);
    } catch (error) {
      if (error instanceof ArchiveError && error.problem === "corrupt") this.#damage ??= error;
      return otherwise;
    }
  }
}
