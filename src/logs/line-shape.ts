/** What a field is to us; numbers, as each line asks for each of its fields. */
const OTHER = 0;
export const TRACE_ID = 1;
export const SPAN_ID = 2;
export const REQUEST_ID = 3;
/** Its text is mostly the same one again. */
export const STEADY = 4;
export type Role =
  | typeof OTHER
  | typeof TRACE_ID
  | typeof SPAN_ID
  | typeof REQUEST_ID
  | typeof STEADY;

const roles: ReadonlyMap<string, Role> = new Map([
  ["trace_id", TRACE_ID],
  ["span_id", SPAN_ID],
  ["request_id", REQUEST_ID],
  ["level", STEADY],
  ["message", STEADY],
]);

export interface Field {
  /** Among the names of the line. */
  readonly at: number;
  /** `{"level":` or `,"message":`. */
  readonly head: string;
  readonly role: Role;
  /** Of steady ones: the last text, and how it was written. */
  lastValue: string | undefined;
  lastText: string;
}

/** What lines with the same names in the same order share. */
export interface Shape {
  readonly names: readonly string[];
  /** By name, as they stand in the text. */
  readonly sorted: readonly Field[];
  /** Where these stand among the names; -1: nowhere. */
  readonly message: number;
  readonly ids: { readonly traceId: number; readonly spanId: number; readonly flags: number };
  readonly hasUser: boolean;
  readonly hasOrganization: boolean;
}

/** By the number of names. */
const shapes: Shape[][] = [];
/** More names are left to the format. */
const MOST_NAMES = 32;
/** Of one number of names. An app that has more makes them up, and those come once. */
const MOST_SHAPES = 32;
const LONGEST_NAME = 200;

/** The shape of a line with these names, in this order; undefined where it is not worth having one. */
export function shapeOf(names: readonly string[]): Shape | undefined {
  const { length } = names;
  if (length === 0 || length > MOST_NAMES) return undefined;
  const known = (shapes[length] ??= []);
  for (const shape of known) if (isSame(shape.names, names)) return shape;
  if (known.length >= MOST_SHAPES || names.some((name) => name.length > LONGEST_NAME)) {
    return undefined;
  }
  const shape = newShape(names);
  known.push(shape);
  return shape;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

function newShape(names: readonly string[]): Shape {
  return {
    names,
    sorted: names.toSorted().map((name, place) => ({
      at: names.indexOf(name),
      head: `${place === 0 ? "{" : ","}${JSON.stringify(name)}:`,
      role: roles.get(name) ?? OTHER,
      lastValue: undefined,
      lastText: "",
    })),
    message: names.indexOf("message"),
    ids: {
      traceId: names.indexOf("trace_id"),
      spanId: names.indexOf("span_id"),
      flags: names.indexOf("trace_flags"),
    },
    hasUser: names.includes("user_id"),
    hasOrganization: names.includes("organization_id"),
  };
}
