import type { PartRecord, StoredUnit } from "./history/archive.ts";
import { errorKeyOfLog } from "./details/log-detail.ts";
import { idOfItem, type OtlpItem } from "./items/otlp-items.ts";
import { type StoredItem, storedItem } from "./items/segment.ts";
import type { SpanFacts } from "./units/span-facts.ts";
import { beginsUnit, type SpanNode } from "./units/span-node.ts";
import { SpanTree } from "./units/span-tree.ts";

/** A part of a trace in memory: its tree, and what has not been written yet. */
export class TracePart {
  readonly id: string;
  readonly traceId: string;
  readonly tree: SpanTree = new SpanTree();
  /** By the span id of the root. */
  readonly units: Map<string, StoredUnit> = new Map();
  /** Items that are not in the archive. */
  unwrittenSpans: StoredItem[] = [];
  unwrittenLogs: StoredItem[] = [];
  #firstSpan: number = Number.POSITIVE_INFINITY;
  #firstLog: number = Number.POSITIVE_INFINITY;
  /** Milliseconds since 1970. */
  changed = 0;
  bytes = 0;

  constructor(id: string, traceId: string) {
    this.id = id;
    this.traceId = traceId;
  }

  get unwritten(): number {
    return this.unwrittenSpans.length + this.unwrittenLogs.length;
  }

  /** @returns false if the span was here before, as after an export that was repeated */
  addSpan(facts: SpanFacts, item: OtlpItem, now: number): boolean {
    const known = this.tree.node(facts.spanId);
    if (known !== undefined && isSame(known.facts, facts)) return false;
    this.#restoreSpan(facts, item);
    this.unwrittenSpans.push(storedItem(item));
    this.#touch(now);
    return true;
  }

  addLog(item: OtlpItem, time: number, now: number): void {
    this.#restoreLog(item, time);
    this.unwrittenLogs.push(storedItem(item));
    this.#touch(now);
  }

  /** Adds what the archive has. */
  restore(
    record: PartRecord,
    spans: readonly { readonly facts: SpanFacts; readonly item: OtlpItem }[],
    logs: readonly { readonly item: OtlpItem; readonly time: number }[],
  ): void {
    for (const { facts, item } of spans) this.#restoreSpan(facts, item);
    for (const { item, time } of logs) this.#restoreLog(item, time);
    for (const unit of record.units) this.units.set(unit.summary.spanId, unit);
    this.changed = record.changed;
    this.bytes = record.bytes;
    this.tree.takeChanged();
  }

  record(): PartRecord {
    return {
      id: this.id,
      traceId: this.traceId,
      start: this.#start(),
      changed: this.changed,
      spans: this.tree.size,
      logs: this.tree.logCount,
      bytes: this.bytes,
      units: [...this.units.values()],
    };
  }

  /**
   * Returns the roots of the units of work that have changed; undefined for a root that
   * begins none any more.
   */
  takeChangedUnits(): Map<string, SpanNode[] | undefined> {
    const changed = new Map<string, SpanNode[] | undefined>();
    for (const spanId of this.tree.takeChanged()) {
      const node = this.tree.node(spanId);
      if (node !== undefined && beginsUnit(node)) changed.set(spanId, [node]);
      else if (this.units.has(spanId)) changed.set(spanId, undefined);
    }
    return changed;
  }

  /** Returns the units of work of spans whose parent has not arrived, as `takeChangedUnits` does. */
  takeOrphans(): Map<string, SpanNode[] | undefined> {
    const changed = new Map<string, SpanNode[] | undefined>();
    for (const spanId of this.units.keys()) {
      const node = this.tree.node(spanId);
      if (node === undefined || !beginsUnit(node)) changed.set(spanId, undefined);
    }
    for (const group of this.tree.orphanGroups()) {
      const [first] = group;
      if (first !== undefined) changed.set(first.facts.spanId, group);
    }
    return changed;
  }

  /** Spans alone decide, so that an export without log records has the same order. */
  #start(): number {
    const start = Number.isFinite(this.#firstSpan) ? this.#firstSpan : this.#firstLog;
    return Number.isFinite(start) ? start : this.changed;
  }

  #restoreSpan(facts: SpanFacts, item: OtlpItem): void {
    this.tree.add(facts, item.resource);
    this.#firstSpan = Math.min(this.#firstSpan, facts.start);
  }

  #restoreLog({ value }: OtlpItem, time: number): void {
    this.tree.addLog({ spanId: idOfItem(value, "spanId"), errorKey: errorKeyOfLog(value) });
    this.#firstLog = Math.min(this.#firstLog, time);
  }

  #touch(now: number): void {
    this.changed = now;
  }
}

function isSame(a: SpanFacts, b: SpanFacts): boolean {
  return (
    a.end === b.end &&
    a.start === b.start &&
    a.name === b.name &&
    a.failed === b.failed &&
    a.stalls === b.stalls &&
    a.errorKeys.length === b.errorKeys.length
  );
}
