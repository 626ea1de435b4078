import { formatMasked, MASK, quote } from "../mask.ts";
import { suggest } from "../suggest.ts";
import type { FileList, FileMap, FileNode, FileScalar } from "./document.ts";
import type { ReportProblem } from "./problem.ts";
import type { Key, Kind, ListKind, MapKind, ScalarKind } from "./value-kinds.ts";

/** What a check needs beside the value. */
export interface CheckContext {
  readonly report: ReportProblem;
  /** Whether the file is of a version that has renamed keys. */
  readonly reportsRenamed: boolean;
}

/**
 * Returns the part of a value that is valid and has an effect. The rest is reported, with
 * the known key that is probably meant.
 *
 * @returns undefined if nothing is left.
 */
export function checkNode(node: FileNode, kind: Kind, context: CheckContext): FileNode | undefined {
  switch (kind.kind) {
    case "lazy":
      return checkNode(node, kind.of(), context);
    case "map":
      return checkMap(node, kind, context);
    case "list":
      return checkList(node, kind, context);
    case "attribute":
      return checkAttribute(node, context);
    case "any":
      return node;
    default:
      return checkScalar(node, kind, context);
  }
}

function checkMap(node: FileNode, kind: MapKind, context: CheckContext): FileMap | undefined {
  if (isNull(node) && kind.isNullable) return { ...placeOf(node), kind: "map", entries: new Map() };
  if (node.kind !== "map") {
    context.report(node, `received ${describe(node)}, expected ${describeMap(kind)}`);
    return undefined;
  }
  const entries = new Map<string, FileNode>();
  for (const [name, value] of node.entries) {
    const key = Object.hasOwn(kind.keys, name) ? kind.keys[name] : undefined;
    if (key === undefined) checkUnknown(name, value, kind, entries, context);
    else {
      const valid = checkKey(value, key, kind, context);
      if (valid !== undefined) entries.set(name, valid);
    }
  }
  checkCount(node, kind, context);
  const first = kind.isChoice ? [...entries].slice(0, 1) : entries;
  return { ...placeOf(node), kind: "map", entries: new Map(first) };
}

/** Reports missing keys, and several components where one is selected. */
function checkCount(node: FileMap, kind: MapKind, context: CheckContext): void {
  for (const name of kind.required) {
    if (!node.entries.has(name))
      context.report({ ...node, path: joined(node.path, name) }, "is missing and required");
  }
  if (kind.isChoice && node.entries.size !== 1) {
    const received = [...node.entries.keys()].map(quote).join(", ") || "nothing";
    context.report(node, `received ${received}, expected exactly one key`);
  }
}

function checkKey(
  value: FileNode,
  { kind, support, renamedTo }: Key,
  { isChoice }: MapKind,
  context: CheckContext,
): FileNode | undefined {
  if (renamedTo !== undefined && context.reportsRenamed)
    context.report(value, `was renamed to ${renamedTo} in version 1.1`);
  const valid = checkNode(value, kind, context);
  if (support.level !== "no") return valid;
  const isHarmless =
    value.kind === "scalar" &&
    (isChoice ? false : value.value === null || value.value === support.harmless);
  if (support.isReported && !isHarmless) context.report(value, `has no effect: ${support.note}`);
  return undefined;
}

function checkUnknown(
  name: string,
  value: FileNode,
  kind: MapKind,
  entries: Map<string, FileNode>,
  context: CheckContext,
): void {
  if (kind.others === "all") {
    entries.set(name, value);
    return;
  }
  const known = Object.keys(kind.keys);
  const suggestion = suggest(name, known);
  if (suggestion === undefined && kind.others === "dissimilar") return;
  const hint = suggestion === undefined ? expectedKeys(known) : `, did you mean ${suggestion}?`;
  context.report(value, `the key is not known${hint}`);
}

/** A longer list of keys is in the documentation. */
const MAX_LISTED = 8;

function expectedKeys(known: readonly string[]): string {
  if (known.length === 0) return ", expected none here";
  return known.length > MAX_LISTED ? "" : `, expected one of ${known.join(", ")}`;
}

function checkList(node: FileNode, kind: ListKind, context: CheckContext): FileList | undefined {
  if (node.kind !== "list") {
    context.report(node, `received ${describe(node)}, expected a list`);
    return undefined;
  }
  if (node.items.length < kind.minItems)
    context.report(node, `expected at least ${kind.minItems} item`);
  const items = node.items.flatMap((item) => checkNode(item, kind.item, context) ?? []);
  return { ...placeOf(node), kind: "list", items };
}

function checkAttribute(node: FileNode, context: CheckContext): FileNode | undefined {
  if (node.kind === "scalar") return node;
  const items = node.kind === "list" ? node.items : [];
  const types = new Set(
    items.map((item) => (item.kind === "scalar" ? typeof item.value : item.kind)),
  );
  const isValid =
    types.size === 1 && !types.has("map") && !types.has("list") && !types.has("object");
  if (isValid) return node;
  context.report(
    node,
    `received ${describe(node)}, expected a value, or a list of values of one type`,
  );
  return undefined;
}

function checkScalar(
  node: FileNode,
  kind: ScalarKind,
  context: CheckContext,
): FileScalar | undefined {
  if (node.kind === "scalar" && (isNull(node) ? kind.isNullable : isValid(node, kind))) return node;
  const received = describe(node, kind.isSecret);
  const names = kind.kind === "oneOf" && node.kind === "scalar" ? kind.names : [];
  const suggestion =
    names.length === 0 ? undefined : suggest(String((node as FileScalar).value), names);
  const hint = suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
  context.report(node, `received ${received}, expected ${expected(kind)}${hint}`);
  return undefined;
}

function isValid({ value }: FileScalar, { kind, min, max, names }: ScalarKind): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "oneOf":
      return typeof value === "string" && names.includes(value);
    case "number":
      return typeof value === "number" && value >= min && value <= max;
    case "integer":
      return Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  }
}

function expected({ kind, min, max, names }: ScalarKind): string {
  switch (kind) {
    case "text":
      return "a text";
    case "flag":
      return "true or false";
    case "oneOf":
      return names.length > MAX_LISTED ? "a severity such as info" : names.join(", ");
    case "number":
      return min === -Infinity ? "a number" : `a number from ${min} to ${max}`;
    case "integer":
      return max === Infinity
        ? `an integer of at least ${min}`
        : `an integer from ${min} to ${max}`;
  }
}

function describeMap({ isChoice, keys }: MapKind): string {
  const names = Object.keys(keys);
  return isChoice && names.length <= MAX_LISTED ? `a map with one of ${names.join(", ")}` : "a map";
}

/** Describes a value for a message. The value of a variable may be a secret: its reference is shown. */
export function describe(node: FileNode, isSecret = false): string {
  if (node.kind !== "scalar") return `a ${node.kind}`;
  if (isSecret) return MASK;
  if (node.source !== undefined) return `the value of ${quote(node.source)}`;
  if (node.value === null) return "nothing";
  return typeof node.value === "string" ? formatMasked(node.value) : String(node.value);
}

export function isNull(node: FileNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

function placeOf({ line, path }: FileNode): Pick<FileNode, "line" | "path"> {
  return { line, path };
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
