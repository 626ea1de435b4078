import {
  type ClientReport,
  type DataCategory,
  type Envelope,
  type EnvelopeItem,
  type EventDropReason,
  envelopeItemTypeToDataCategory,
  forEachEnvelopeItem,
} from "@sentry/core";
import type { StoredCategory, StoredFile } from "../spool/stored-file.ts";

/** What a client report has of lost items. */
export interface Loss {
  readonly category: DataCategory;
  readonly quantity: number;
}

/** Records lost items for the next client report. */
export type RecordLoss = (
  reason: EventDropReason,
  category: DataCategory,
  quantity: number,
) => void;

export interface ItemLoss extends Loss {
  /** Undefined: that of the envelope's loss. */
  readonly reason: EventDropReason | undefined;
}

/** Types of items that are counted as events, unlike attachments, sessions and client reports. */
const countedTypes: ReadonlySet<string> = new Set(["event", "feedback", "check_in"]);

export function countEvents(envelope: Envelope): number {
  let count = 0;
  forEachEnvelopeItem(envelope, (_item, type) => {
    if (countedTypes.has(type)) count++;
  });
  return count;
}

/** Returns the categories of the items, without attachments. */
export function categoriesOf(envelope: Envelope): DataCategory[] {
  const categories: DataCategory[] = [];
  forEachEnvelopeItem(envelope, (_item, type) => {
    if (type !== "attachment") categories.push(envelopeItemTypeToDataCategory(type));
  });
  return categories;
}

/** Whether it has items, and all are attachments, which Sentry discards without their event. */
export function hasOnlyAttachments(items: readonly EnvelopeItem[]): boolean {
  return items.length > 0 && items.every(([{ type }]) => type === "attachment");
}

export function countAttachments(envelope: Envelope): number {
  let count = 0;
  forEachEnvelopeItem(envelope, (_item, type) => {
    if (type === "attachment") count++;
  });
  return count;
}

/**
 * Returns the category of an envelope with an event or feedback, which is still of use
 * later. A check-in is not: Sentry takes its time of arrival for that of the job.
 */
export function storedCategoryOf(envelope: Envelope): StoredCategory | undefined {
  let category: StoredCategory | undefined;
  forEachEnvelopeItem(envelope, (_item, type) => {
    if (type === "event") category = "error";
    else if (type === "feedback") category = "feedback";
  });
  return category;
}

/**
 * Returns what is lost with an envelope. The losses that a client report reports are
 * lost with it, and belong into the next one.
 */
export function itemLosses(envelope: Envelope): ItemLoss[] {
  const losses: ItemLoss[] = [];
  forEachEnvelopeItem(envelope, ([head, payload], type) => {
    if (type === "client_report") {
      losses.push(...(payload as ClientReport).discarded_events);
      return;
    }
    const { item_count: count } = head as { item_count?: unknown };
    const quantity = typeof count === "number" ? count : 1;
    losses.push({ reason: undefined, category: envelopeItemTypeToDataCategory(type), quantity });
  });
  return losses;
}

/** Returns what is lost with an envelope on disk. */
export function storedLosses({ category, attachments }: StoredFile): Loss[] {
  const event: Loss = { category, quantity: 1 };
  return attachments === 0 ? [event] : [event, { category: "attachment", quantity: attachments }];
}
