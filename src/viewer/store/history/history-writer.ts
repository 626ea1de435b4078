import type { ProfileSummary, Run } from "../../model.ts";
import type { ArchiveChanges, ProfileRecord } from "./archive.ts";
import type { History } from "./history.ts";
import type { LooseItems } from "../items/loose-items.ts";
import type { Runs } from "../runs.ts";
import { packSegment } from "../items/segment.ts";
import type { TracePart } from "../trace-part.ts";
import type { Traces } from "../traces.ts";

export interface HistoryWriterDeps {
  readonly history: History;
  readonly traces: Traces;
  readonly loose: LooseItems;
  readonly runs: Runs;
  /** Summarizes the units of work that have changed. */
  readonly refresh: () => void;
  /** Makes units of work of the spans of a part whose parent does not arrive. */
  readonly settle: (part: TracePart) => void;
}

/** From the arrival of telemetry to the next look at what is due. */
const TICK_MS = 100;

/** A part is written when nothing has arrived for it so long, or when it waits so long. */
const QUIET_MS = 1000;
const MAX_WAIT_MS = 10_000;

/** How long a span waits for its parent. */
const ORPHAN_MS = 10_000;

/** Parts that wait, after which those that are not quiet are written too. */
const MAX_WAITING = 2000;

/** Items that are written at once, in about 20 ms. */
const SLICE_ITEMS = 1000;

/** Attempts to write everything at the end, of a quarter of a second each, beside another process. */
const MAX_ATTEMPTS = 10;

/** A part with what is written of it. */
interface PackedPart {
  readonly part: TracePart;
  readonly changes: ArchiveChanges["parts"][number];
}

/**
 * Writes to the history in small batches between other work, once the parts of traces
 * are quiet. What is not written yet is in memory.
 */
export class HistoryWriter {
  readonly #deps: HistoryWriterDeps;
  /** Parts that have changed, with the time of the first change. */
  readonly #waiting = new Map<TracePart, number>();
  /** Parts whose spans may wait for their parent. */
  readonly #unsettled = new Set<TracePart>();
  readonly #profiles = new Map<string, ArchiveChanges["profiles"][number]>();
  readonly #runs = new Map<string, Run>();
  #batches: ArchiveChanges["batches"][number][] = [];
  #timer: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(deps: HistoryWriterDeps) {
    this.#deps = deps;
  }

  /** Notes that a part has changed. */
  changed(part: TracePart): void {
    if (!this.#waiting.has(part)) this.#waiting.set(part, Date.now());
    this.#unsettled.add(part);
    this.schedule();
  }

  /** Notes that there is something to write. */
  schedule(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => this.#tick(), TICK_MS).unref();
  }

  addProfile(record: ProfileRecord, content: Uint8Array): void {
    this.#profiles.set(record.summary.id, { record, content });
    this.schedule();
  }

  profileData(id: string): Uint8Array | undefined {
    return this.#profiles.get(id)?.content;
  }

  profileSummary(id: string): ProfileSummary | undefined {
    return this.#profiles.get(id)?.record.summary;
  }

  /** Writes nothing more of a part. */
  forget(part: TracePart): void {
    this.#waiting.delete(part);
    this.#unsettled.delete(part);
  }

  /** Drops what is not written and in no trace. */
  discardBatches(): void {
    this.#deps.loose.clear();
    this.#batches = [];
  }

  /** Ends a batch of what is in no trace: what follows is in another one. */
  endBatch(): void {
    this.#batches.push(...this.#deps.loose.take());
    this.schedule();
  }

  isWaiting(part: TracePart): boolean {
    return this.#waiting.has(part);
  }

  /** Writes everything. */
  flush(): void {
    this.#deps.refresh();
    this.#settle();
    for (let attempts = 0; attempts < MAX_ATTEMPTS;) {
      const due = [...this.#waiting.keys()];
      if (!this.#hasChanges(due)) break;
      if (this.#write(due) === "later") attempts++;
      this.#tidy();
    }
    this.#tidy();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #tick(): void {
    this.#timer = undefined;
    if (this.#isStopped) return;
    this.#deps.refresh();
    this.#settle();
    const due = this.#due();
    const isDue = due.length > 0 || this.#deps.loose.isDue || this.#hasOtherChanges();
    const result = isDue ? this.#write(due) : "done";
    // After each slice, or a long series of them would exceed the limits, and fill the file.
    this.#tidy();
    if (result === "more") {
      this.#timer = setTimeout(() => this.#tick(), 0).unref();
      return;
    }
    const isIdle = this.#unsettled.size === 0 && this.#waiting.size === 0;
    if (!isIdle || this.#hasChanges([])) this.schedule();
  }

  #tidy(): void {
    this.#deps.history.tidy();
    this.#deps.traces.hot.trim((part) => !this.#waiting.has(part) && !this.#unsettled.has(part));
  }

  #settle(): void {
    const now = Date.now();
    for (const part of this.#unsettled) {
      if (now - part.changed < ORPHAN_MS && part.tree.hasOrphans) continue;
      this.#unsettled.delete(part);
      this.#deps.settle(part);
    }
  }

  #due(): TracePart[] {
    const now = Date.now();
    const isFull = this.#waiting.size > MAX_WAITING;
    const due: TracePart[] = [];
    for (const [part, since] of this.#waiting) {
      if (isFull || now - part.changed >= QUIET_MS || now - since >= MAX_WAIT_MS) due.push(part);
    }
    return due;
  }

  #hasChanges(due: readonly TracePart[]): boolean {
    return due.length > 0 || this.#deps.loose.count > 0 || this.#hasOtherChanges();
  }

  #hasOtherChanges(): boolean {
    return this.#batches.length > 0 || this.#profiles.size > 0 || this.#deps.runs.haveChanged;
  }

  /** @returns `more` if a slice was written and there are more, `later` if it has to be tried again */
  #write(due: readonly TracePart[]): "more" | "later" | "done" {
    const slice = sliceOf(due);
    const packed = slice.map(packPart);
    this.#batches.push(...this.#deps.loose.take());
    for (const run of this.#deps.runs.takeChanged()) this.#runs.set(run.id, run);
    const profiles = [...this.#profiles.values()];
    const isWritten = this.#deps.history.write({
      parts: packed.map(({ changes }) => changes),
      batches: this.#batches,
      runs: [...this.#runs.values()],
      profiles,
    });
    if (!isWritten) return "later";
    for (const written of packed) this.#noteWritten(written);
    for (const { record } of profiles) this.#profiles.delete(record.summary.id);
    this.#runs.clear();
    this.#batches = [];
    return slice.length < due.length ? "more" : "done";
  }

  #noteWritten({ part, changes }: PackedPart): void {
    part.unwrittenSpans = [];
    part.unwrittenLogs = [];
    part.bytes = changes.record.bytes;
    this.#waiting.delete(part);
  }
}

function sliceOf(due: readonly TracePart[]): TracePart[] {
  const slice: TracePart[] = [];
  let items = 0;
  for (const part of due) {
    slice.push(part);
    items += part.unwritten + 1;
    if (items >= SLICE_ITEMS) break;
  }
  return slice;
}

function packPart(part: TracePart): PackedPart {
  const { unwrittenSpans: spans, unwrittenLogs: logs } = part;
  const segment = part.unwritten === 0 ? undefined : packSegment({ spans, logs });
  const record = part.record();
  const bytes = record.bytes + (segment?.length ?? 0);
  return { part, changes: { record: { ...record, bytes }, segment } };
}
