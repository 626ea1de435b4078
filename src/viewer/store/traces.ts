import { randomBytes } from "node:crypto";
import type { PartRecord } from "./history/archive.ts";
import type { History } from "./history/history.ts";
import { HotParts } from "./hot-parts.ts";
import { millisecondsOf } from "./units/milliseconds.ts";
import { idOfItem, type OtlpItem, type Origins } from "./items/otlp-items.ts";
import { type StoredItem, unpackSegment } from "./items/segment.ts";
import { spanFactsOf } from "./units/span-facts.ts";
import { TracePart } from "./trace-part.ts";
import type { TraceItems } from "./details/unit-detail.ts";

/** Items of a part, after which its trace gets another one; and if the part was written before. */
const MAX_ITEMS = 10_000;
const MAX_WRITTEN_ITEMS = 2000;

/** Spans and log records that are read of one trace. */
const MAX_READ_ITEMS = 40_000;

/** The traces of the history, in memory and in the archive. */
export class Traces {
  readonly hot: HotParts = new HotParts();
  readonly #history: History;
  readonly #origins: Origins;
  readonly #partsOfTrace = new Map<string, string[]>();

  constructor(history: History, origins: Origins) {
    this.#history = history;
    this.#origins = origins;
  }

  /** Returns the part that takes further items of a trace. */
  partFor(traceId: string): TracePart {
    const hot = this.hot.lastOf(traceId);
    if (hot !== undefined && hot.tree.size + hot.tree.logCount < MAX_ITEMS) {
      this.hot.touch(hot);
      return hot;
    }
    const last = hot === undefined ? this.#lastRecord(traceId) : undefined;
    if (last !== undefined && last.spans + last.logs < MAX_WRITTEN_ITEMS) return this.open(last);
    return this.#create(traceId);
  }

  /** Reads a part of the archive into memory. */
  open(record: PartRecord): TracePart {
    const hot = this.hot.get(record.id);
    if (hot !== undefined) return hot;
    const part = new TracePart(record.id, record.traceId);
    const { spans, logs } = this.#read(record.id);
    part.restore(
      record,
      spans.map((item) => ({ item, facts: spanFactsOf(item.value) })),
      logs.map((item) => ({ item, time: millisecondsOf(item.value["timeUnixNano"]) })),
    );
    this.hot.touch(part);
    return part;
  }

  /** Notes the parts of a trace that the archive has. */
  note({ id, traceId }: Pick<PartRecord, "id" | "traceId">): void {
    const ids = this.#partsOfTrace.get(traceId);
    if (ids === undefined) this.#partsOfTrace.set(traceId, [id]);
    else if (!ids.includes(id)) ids.push(id);
  }

  forget({ id, traceId }: Pick<PartRecord, "id" | "traceId">): void {
    const ids = (this.#partsOfTrace.get(traceId) ?? []).filter((other) => other !== id);
    if (ids.length > 0) this.#partsOfTrace.set(traceId, ids);
    else this.#partsOfTrace.delete(traceId);
    const hot = this.hot.get(id);
    if (hot !== undefined) this.hot.delete(hot);
  }

  ids(): Iterable<string> {
    return this.#partsOfTrace.keys();
  }

  partsOf(traceId: string): readonly string[] {
    return this.#partsOfTrace.get(traceId) ?? [];
  }

  /** Returns what is known of a trace, first of all that of one part. */
  itemsOf(traceId: string, firstPart?: string): TraceItems {
    const spans: OtlpItem[] = [];
    const logs: OtlpItem[] = [];
    const first = firstPart === undefined ? [] : [firstPart];
    for (const id of new Set([...first, ...this.partsOf(traceId)])) {
      const read = this.#read(id);
      const hot = this.hot.get(id);
      spans.push(...read.spans, ...(hot?.unwrittenSpans.map(this.#toItem) ?? []));
      logs.push(...read.logs, ...(hot?.unwrittenLogs.map(this.#toItem) ?? []));
      if (firstPart !== undefined && spans.length + logs.length > MAX_READ_ITEMS) break;
    }
    return { spans: withoutRepeated(spans), logs };
  }

  readonly #toItem = ({ text, resource, scope }: StoredItem): OtlpItem => ({
    value: JSON.parse(text) as OtlpItem["value"],
    resource: this.#origins.fromText(resource),
    scope: this.#origins.fromText(scope),
  });

  #create(traceId: string): TracePart {
    const id = `${traceId}-${Date.now().toString(36)}${randomBytes(3).toString("hex")}`;
    const part = new TracePart(id, traceId);
    this.hot.touch(part);
    this.note(part);
    return part;
  }

  #lastRecord(traceId: string): PartRecord | undefined {
    const id = this.partsOf(traceId).at(-1);
    return id === undefined ? undefined : this.#history.parts.get(id);
  }

  /** A damaged segment is left out. */
  #read(part: string): { spans: OtlpItem[]; logs: OtlpItem[] } {
    const spans: OtlpItem[] = [];
    const logs: OtlpItem[] = [];
    for (const segment of this.#history.segments(part)) {
      try {
        const unpacked = unpackSegment(segment, this.#origins);
        spans.push(...unpacked.spans);
        logs.push(...unpacked.logs);
      } catch {
        continue;
      }
    }
    return { spans, logs };
  }
}

/** A span that was sent twice is the last one. */
function withoutRepeated(spans: readonly OtlpItem[]): OtlpItem[] {
  const byId = new Map<string, OtlpItem>();
  for (const item of spans) byId.set(idOfItem(item.value, "spanId"), item);
  return [...byId.values()];
}
