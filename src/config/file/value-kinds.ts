/*
 * The vocabulary of `schema/`: kinds of values, and how far a key is supported.
 */

/** How far telltale supports a key, for docs/configuration-file.md. */
export interface Support {
  readonly level: "yes" | "partly" | "no";
  /** What is different, or why it has no effect. */
  readonly note: string | undefined;
  /** Whether a key without effect is reported. */
  readonly isReported: boolean;
  /** The value that needs no report, because nothing else is ever done. */
  readonly harmless: boolean | undefined;
}

const supported: Support = {
  level: "yes",
  note: undefined,
  isReported: false,
  harmless: undefined,
};

export const yes: Support = supported;

export function partly(note: string): Support {
  return { ...supported, level: "partly", note };
}

/** Support of a key that is reported if it is there. */
export function no(note: string, harmless?: boolean): Support {
  return { ...supported, level: "no", note, isReported: true, harmless };
}

/** Support of a key that is left out without a report, as it is meant for others. */
export function quietlyNot(note: string): Support {
  return { ...supported, level: "no", note };
}

export interface ScalarKind {
  readonly kind: "text" | "flag" | "number" | "integer" | "oneOf";
  /** Of numbers. */
  readonly min: number;
  readonly max: number;
  /** Of `oneOf`. */
  readonly names: readonly string[];
  /** Whether a key without a value has the default. */
  readonly isNullable: boolean;
  /** Whether messages must not show it. */
  readonly isSecret: boolean;
}

export interface ListKind {
  readonly kind: "list";
  readonly item: Kind;
  readonly minItems: number;
}

export interface Key {
  readonly kind: Kind;
  readonly support: Support;
  /** The key of version 1.1 that replaces one of 1.0. */
  readonly renamedTo: string | undefined;
}

export interface MapKind {
  readonly kind: "map";
  /** Its name in the published schema. */
  readonly name: string;
  readonly keys: Readonly<Record<string, Key>>;
  readonly required: readonly string[];
  readonly isNullable: boolean;
  /** Whether it has exactly one key, which selects a component. */
  readonly isChoice: boolean;
  /** Whether other keys are allowed: all, or those that resemble none of the known ones. */
  readonly others: "none" | "dissimilar" | "all";
}

/** A kind that is defined by itself, such as a sampler of samplers. */
export interface LazyKind {
  readonly kind: "lazy";
  readonly of: () => MapKind;
}

/** A value of a resource attribute: a scalar, or a list of scalars of one type. */
export interface AttributeKind {
  readonly kind: "attribute";
}

/** Anything. */
export interface AnyKind {
  readonly kind: "any";
}

export type Kind = ScalarKind | ListKind | MapKind | LazyKind | AttributeKind | AnyKind;

const scalar: ScalarKind = {
  kind: "text",
  min: -Infinity,
  max: Infinity,
  names: [],
  isNullable: true,
  isSecret: false,
};

export const text: ScalarKind = scalar;
export const requiredText: ScalarKind = { ...scalar, isNullable: false };
export const secret: ScalarKind = { ...scalar, isSecret: true };
export const flag: ScalarKind = { ...scalar, kind: "flag" };
export const requiredFlag: ScalarKind = { ...flag, isNullable: false };
export const attribute: AttributeKind = { kind: "attribute" };
export const any: AnyKind = { kind: "any" };

export function integer(min: number, max: number = Infinity): ScalarKind {
  return { ...scalar, kind: "integer", min, max };
}

export function number(min: number, max: number): ScalarKind {
  return { ...scalar, kind: "number", min, max };
}

export const anyNumber: ScalarKind = {
  ...scalar,
  kind: "number",
  isNullable: false,
};

export function oneOf(...names: readonly string[]): ScalarKind {
  return { ...scalar, kind: "oneOf", names };
}

/** A list, by default of at least one item. */
export function list(item: Kind, minItems = 1): ListKind {
  return { kind: "list", item, minItems };
}

type KeyDefinition = Kind | Key;
type KeyDefinitions = Readonly<Record<string, KeyDefinition>>;
type MapOptions = Partial<Pick<MapKind, "required" | "isNullable" | "others">>;

/** A map of the published schema with that name. */
export function map(name: string, keys: KeyDefinitions, options: MapOptions = {}): MapKind {
  return {
    kind: "map",
    name,
    keys: Object.fromEntries(
      Object.entries(keys).map(([key, definition]) => [
        key,
        "support" in definition ? definition : keyOf(definition, yes),
      ]),
    ),
    required: [],
    isNullable: false,
    isChoice: false,
    others: "none",
    ...options,
  };
}

/** A map with exactly one key. */
export function choice(name: string, keys: KeyDefinitions): MapKind {
  return { ...map(name, keys), isChoice: true };
}

/** A map without keys, which may be left out. */
export function empty(name: string): MapKind {
  return map(name, {}, { isNullable: true });
}

function keyOf(kind: Kind, support: Support): Key {
  return { kind, support, renamedTo: undefined };
}

/** A key that is not supported as published. */
export function limited(kind: Kind, support: Support): Key {
  return keyOf(kind, support);
}

/** A key of version 1.0 that 1.1 has renamed. */
export function renamed(kind: Kind, to: string, support: Support = yes): Key {
  return { kind, support, renamedTo: to };
}
