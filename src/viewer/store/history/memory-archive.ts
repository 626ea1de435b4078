import type { Run } from "../../model.ts";
import type {
  Archive,
  ArchiveChanges,
  ArchiveIndex,
  BatchRecord,
  PartRecord,
  ProfileRecord,
  Removed,
} from "./archive.ts";

/** An archive that ends with the process. */
export class MemoryArchive implements Archive {
  readonly path = undefined;
  readonly #parts = new Map<string, { record: PartRecord; segments: Uint8Array[] }>();
  readonly #batches = new Map<number, { record: BatchRecord; data: Uint8Array }>();
  readonly #runs = new Map<string, Run>();
  readonly #profiles = new Map<string, { record: ProfileRecord; content: Uint8Array }>();
  #lastBatch = 0;
  #size = 0;

  load(): ArchiveIndex {
    return {
      parts: Array.from(this.#parts.values(), recordOf),
      batches: Array.from(this.#batches.values(), recordOf),
      runs: [...this.#runs.values()],
      profiles: Array.from(this.#profiles.values(), recordOf),
    };
  }

  hasForeignChanges(): boolean {
    return false;
  }

  write({ parts, batches, runs, profiles }: ArchiveChanges): number[] {
    for (const { record, segment } of parts) {
      const segments = this.#parts.get(record.id)?.segments ?? [];
      if (segment !== undefined) segments.push(segment);
      this.#size += segment?.length ?? 0;
      this.#parts.set(record.id, { record, segments });
    }
    const ids = batches.map(({ record, data }) => {
      const id = ++this.#lastBatch;
      this.#size += data.length;
      this.#batches.set(id, { record: { ...record, id }, data });
      return id;
    });
    for (const run of runs) this.#runs.set(run.id, run);
    for (const { record, content } of profiles) {
      this.#size += content.length;
      this.#profiles.set(record.summary.id, { record, content });
    }
    return ids;
  }

  segments(part: string): Uint8Array[] {
    return [...(this.#parts.get(part)?.segments ?? [])];
  }

  batch(id: number): Uint8Array | undefined {
    return this.#batches.get(id)?.data;
  }

  profile(id: string): Uint8Array | undefined {
    return this.#profiles.get(id)?.content;
  }

  remove({ parts = [], batches = [], runs = [], profiles = [] }: Removed): void {
    for (const id of parts) {
      for (const segment of this.segments(id)) this.#size -= segment.length;
      this.#parts.delete(id);
    }
    for (const id of batches) {
      this.#size -= this.batch(id)?.length ?? 0;
      this.#batches.delete(id);
    }
    for (const id of runs) this.#runs.delete(id);
    for (const id of profiles) {
      this.#size -= this.profile(id)?.length ?? 0;
      this.#profiles.delete(id);
    }
  }

  size(): number {
    return this.#size;
  }

  close(): void {}
}

function recordOf<Record>({ record }: { readonly record: Record }): Record {
  return record;
}
