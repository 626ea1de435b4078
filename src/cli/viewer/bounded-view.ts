import { truncate } from "../../text.ts";

/*
 * An answer of a command is a view: plain data with texts that are cut, and with lists
 * that know what they leave out. It is printed as text or as JSON, of 10 kB at most: a
 * client of a language model cuts longer ones, and its user pays for each of them.
 */

/** The longest answer, in bytes of UTF-8. */
export const MAX_ANSWER_BYTES = 10_000;

/** A list in a view, which may be shortened. */
export interface ListView<Item> {
  readonly items: readonly Item[];
  /** Number of items that are left out. */
  readonly omitted: number;
  /** The command that shows them. */
  readonly more?: string;
}

export type View = Readonly<Record<string, unknown>>;

/** Creates a list of at most `limit` items of all. */
export function listView<Item>(
  all: readonly Item[],
  limit: number,
  more?: string,
  total: number = all.length,
): ListView<Item> {
  const items = all.slice(0, limit);
  const omitted = Math.max(0, total - items.length);
  return { items, omitted, ...(omitted > 0 && more !== undefined && { more }) };
}

/** Creates a list like `listView`, of what `map` returns for the items that are in it. */
export function mappedList<Item, Shown>(
  all: readonly Item[],
  limit: number,
  map: (item: Item) => Shown,
  more?: string,
): ListView<Shown> {
  const { items, ...rest } = listView(all, limit, more);
  return { ...rest, items: items.map(map) };
}

/**
 * Renders a view within the limit. The list that needs most bytes loses its last items
 * until the rest fits, then texts lose their ends.
 */
export function renderBounded<Shown extends View>(
  view: Shown,
  render: (view: Shown) => string,
  maxBytes: number = MAX_ANSWER_BYTES,
): string {
  let shown = view;
  let text = render(shown);
  for (let round = 0; Buffer.byteLength(text) > maxBytes && round < MAX_ROUNDS; round++) {
    shown = shorten(shown, round);
    text = render(shown);
  }
  return Buffer.byteLength(text) > maxBytes ? cutToBytes(text, maxBytes) : text;
}

const MAX_ROUNDS = 200;

function shorten<Shown extends View>(view: Shown, round: number): Shown {
  const longest = listsIn(view)
    .filter(({ items }) => items.length > 1)
    .map((list) => ({ list, bytes: JSON.stringify(list.items).length }))
    .toSorted((a, b) => b.bytes - a.bytes)[0]?.list;
  if (longest === undefined) return cutTexts(view, Math.max(20, 200 - round)) as Shown;
  const kept = longest.items.slice(0, Math.max(1, Math.floor(longest.items.length * 0.8)));
  const omitted = longest.omitted + longest.items.length - kept.length;
  return replaceList(view, longest, { ...longest, items: kept, omitted }) as Shown;
}

function listsIn(value: unknown): ListView<unknown>[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap((one) => listsIn(one));
  return isListView(value) ? [value, ...inside] : inside;
}

function isListView(value: object): value is ListView<unknown> {
  return "items" in value && Array.isArray(value.items) && "omitted" in value;
}

function replaceList(value: unknown, list: object, by: object): unknown {
  if (value === list) return by;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => replaceList(one, list, by));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, replaceList(one, list, by)]),
  );
}

function cutTexts(value: unknown, length: number): unknown {
  if (typeof value === "string")
    return value.length > length ? `${truncate(value, length - 1)}…` : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => cutTexts(one, length));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, cutTexts(one, length)]),
  );
}

/** The last resort, for a view whose fixed parts are too long. */
function cutToBytes(text: string, maxBytes: number): string {
  const note = "\n[cut]\n";
  const kept = Buffer.from(text).subarray(0, maxBytes - note.length);
  // A character that was cut in two ends as U+FFFD, which takes three bytes.
  return `${new TextDecoder().decode(kept, { stream: true })}${note}`;
}
