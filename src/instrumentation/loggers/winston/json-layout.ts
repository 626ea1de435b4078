/** What is known about a field by its name. Numbers, because each line compares them for each field. */
const OTHER_FIELD = 0;
export const TRACE_ID_FIELD = 1;
export const SPAN_ID_FIELD = 2;
export const REQUEST_ID_FIELD = 3;
/** A field whose text mostly repeats. */
export const CACHED_FIELD = 4;
export type FieldKind =
  | typeof OTHER_FIELD
  | typeof TRACE_ID_FIELD
  | typeof SPAN_ID_FIELD
  | typeof REQUEST_ID_FIELD
  | typeof CACHED_FIELD;

const fieldKinds: ReadonlyMap<string, FieldKind> = new Map([
  ["trace_id", TRACE_ID_FIELD],
  ["span_id", SPAN_ID_FIELD],
  ["request_id", REQUEST_ID_FIELD],
  ["level", CACHED_FIELD],
  ["message", CACHED_FIELD],
]);

export interface LayoutField {
  /** Position among the names of the line. */
  readonly index: number;
  /** `{"level":` or `,"message":`. */
  readonly prefix: string;
  readonly kind: FieldKind;
  /** The last value of a cached field, and its text with the prefix. */
  lastValue: string | undefined;
  lastText: string;
}

/** What lines with the same names in the same order have in common. */
export interface JsonLayout {
  readonly names: readonly string[];
  /** The fields in the order of the text, which is sorted by name. */
  readonly sortedFields: readonly LayoutField[];
  /** Position of `message` among the names; -1 without one. */
  readonly messageIndex: number;
  /** Positions of the ids among the names; -1 without one. */
  readonly idIndexes: { readonly traceId: number; readonly spanId: number; readonly flags: number };
  readonly hasUserId: boolean;
  readonly hasOrganizationId: boolean;
}

const layoutsByLength: JsonLayout[][] = [];
/** Limit of names per line. Lines with more are left to logform. */
const MAX_NAMES = 32;
/** Limit of layouts with the same number of names. An app with more generates names, and such layouts don't repeat. */
const MAX_LAYOUTS = 32;
/** Limit of one name, in UTF-16 units. */
const MAX_NAME_LENGTH = 200;

/** Returns the layout of a line with these names in this order; undefined beyond the limits. */
export function jsonLayoutOf(names: readonly string[]): JsonLayout | undefined {
  const { length } = names;
  if (length === 0 || length > MAX_NAMES) return undefined;
  const candidates = (layoutsByLength[length] ??= []);
  for (const layout of candidates) if (isSameList(layout.names, names)) return layout;
  if (candidates.length >= MAX_LAYOUTS || names.some((name) => name.length > MAX_NAME_LENGTH)) {
    return undefined;
  }
  const layout = createLayout(names);
  candidates.push(layout);
  return layout;
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

function createLayout(names: readonly string[]): JsonLayout {
  return {
    names,
    sortedFields: names.toSorted().map((name, position) => ({
      index: names.indexOf(name),
      prefix: `${position === 0 ? "{" : ","}${JSON.stringify(name)}:`,
      kind: fieldKinds.get(name) ?? OTHER_FIELD,
      lastValue: undefined,
      lastText: "",
    })),
    messageIndex: names.indexOf("message"),
    idIndexes: {
      traceId: names.indexOf("trace_id"),
      spanId: names.indexOf("span_id"),
      flags: names.indexOf("trace_flags"),
    },
    hasUserId: names.includes("user_id"),
    hasOrganizationId: names.includes("organization_id"),
  };
}
