import { inspect, isDeepStrictEqual } from "node:util";
import type { Seen } from "./seen.ts";

/**
 * An expected value: equal, matched by a regular expression, accepted by a function or by an
 * asymmetric matcher of the runner, or an object with such members.
 */
export type Expected<Value = unknown> =
  | Value
  | RegExp
  | ((value: Value) => unknown)
  | { asymmetricMatch(value: unknown): boolean }
  | MembersOf<Value>;

type MembersOf<Value> = Value extends readonly unknown[]
  ? never
  : Value extends object
    ? Pattern<Value>
    : never;

/** The expected members of a span, record, series, event or query; others are not compared. */
export type Pattern<Item = Record<string, unknown>> = {
  readonly [Key in keyof Item]?: Expected<Item[Key]>;
};

export type SeenKind = "spans" | "logs" | "metrics" | "events" | "queries";
export type ItemOf<Kind extends SeenKind> = Seen[Kind][number];

const singular = {
  spans: "span",
  logs: "log record",
  metrics: "metric",
  events: "event",
  queries: "query",
};

export interface Match<Item> {
  /** Undefined if none matches. */
  readonly item: Item | undefined;
  /** Of a failure: that none matches, or that one does against expectation. */
  readonly message: string;
}

/**
 * Finds the first item that matches.
 *
 * @throws TypeError if `seen` has no such items.
 */
export function match<Kind extends SeenKind, Item extends ItemOf<Kind> = ItemOf<Kind>>(
  seen: { readonly [Each in Kind]: readonly Item[] },
  kind: Kind,
  pattern: Pattern<Item>,
): Match<Item> {
  const items = itemsOf(seen, kind);
  const compared = items.map((item) => ({ item, differs: differences(item, pattern, "") }));
  const found = compared.find(({ differs }) => differs.length === 0);
  const expected = inspect(pattern, { depth: 4, breakLength: 100 });
  if (found !== undefined)
    return {
      item: found.item,
      message: `a ${singular[kind]} matches ${expected}:\n${brief(found.item)}`,
    };
  const [nearest, ...others] = compared.toSorted(
    (a, b) =>
      a.differs.length - b.differs.length || likeness(b.item, pattern) - likeness(a.item, pattern),
  );
  const lines = [`no ${singular[kind]} of ${items.length} matches ${expected}`];
  if (nearest !== undefined)
    lines.push(
      `the nearest one: ${brief(nearest.item)}`,
      ...nearest.differs.map((line) => `  ${line}`),
    );
  const titles = others.map(({ item }) => titleOf(item));
  if (titles.length > 0) lines.push(`the others: ${listOf(titles)}`);
  return { item: undefined, message: lines.join("\n") };
}

/** Lists each text once, up to a limit. */
export function listOf(texts: readonly string[]): string {
  const unique = [...new Set(texts)];
  return unique.slice(0, MAX_LISTED).join(", ") + (unique.length > MAX_LISTED ? ", …" : "");
}

const MAX_LISTED = 5;

function itemsOf<Kind extends SeenKind, Item>(
  seen: { readonly [Each in Kind]?: readonly Item[] } | null | undefined,
  kind: Kind,
): readonly Item[] {
  const items = seen?.[kind];
  if (Array.isArray(items)) return items as readonly Item[];
  throw new TypeError(
    `telltale/testing: expected an object with ${kind}, such as \`await observe(work)\` returns; ` +
      `received ${inspect(seen, { depth: 0 })}`,
  );
}

/** Returns how many characters the names have in common, of items that differ as much. */
function likeness(item: object, { name }: { readonly name?: unknown }): number {
  const own = (item as { name?: unknown }).name;
  if (typeof own !== "string" || typeof name !== "string") return 0;
  let length = 0;
  while (length < own.length && own[length] === name[length]) length++;
  return length;
}

function brief(item: object): string {
  const { attributes, place } = item as Record<string, unknown>;
  const where = typeof place === "string" ? ` at ${place}` : "";
  const shown = Object.entries(attributes ?? {}).filter(([key]) => !key.startsWith("code."));
  const values = inspect(Object.fromEntries(shown), { depth: 1, breakLength: 100 });
  const rest = shown.length === 0 ? "" : ` ${values}`;
  return `${titleOf(item)}${where}${rest}`;
}

function titleOf(item: object): string {
  const { name, text, body, message } = item as Record<string, unknown>;
  const title = name ?? text ?? body ?? message ?? "without a name";
  return typeof title === "string" ? title : inspect(title);
}

function differences(actual: unknown, expected: Expected, path: string): string[] {
  if (matches(actual, expected)) return [];
  if (isPlain(expected) && typeof actual === "object" && actual !== null) {
    const members = actual as Record<string, unknown>;
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(members[key], value, path === "" ? key : `${path}.${key}`),
    );
  }
  return [`${path}: ${inspect(actual)}, expected ${inspect(expected)}`];
}

function matches(actual: unknown, expected: Expected): boolean {
  if (expected instanceof RegExp) return typeof actual === "string" && expected.test(actual);
  if (typeof expected === "function")
    return Boolean((expected as (value: unknown) => unknown)(actual));
  const asymmetric = expected as
    | { asymmetricMatch?: (value: unknown) => boolean }
    | undefined
    | null;
  if (typeof asymmetric?.asymmetricMatch === "function") return asymmetric.asymmetricMatch(actual);
  return isDeepStrictEqual(actual, expected);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RegExp)
  );
}
