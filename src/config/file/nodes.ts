import type { FileList, FileMap, FileNode, FileScalar, ScalarValue } from "./document.ts";

/*
 * Access to checked values of a file. What is missing, or without a value, is undefined.
 */

/** Returns the value below some keys, unless it is null. */
export function at(node: FileNode | undefined, ...keys: readonly string[]): FileNode | undefined {
  let current = node;
  for (const key of keys) {
    if (current?.kind !== "map") return undefined;
    current = current.entries.get(key);
  }
  return current?.kind === "scalar" && current.value === null ? undefined : current;
}

/** Returns the map below some keys. */
export function mapAt(node: FileNode | undefined, ...keys: readonly string[]): FileMap | undefined {
  const found = at(node, ...keys);
  return found?.kind === "map" ? found : undefined;
}

/** Returns the items of the list below some keys; none without one. */
export function itemsAt(
  node: FileNode | undefined,
  ...keys: readonly string[]
): readonly FileNode[] {
  const found = at(node, ...keys);
  return found?.kind === "list" ? found.items : [];
}

/** Returns the scalar below some keys. */
export function scalarAt(
  node: FileNode | undefined,
  ...keys: readonly string[]
): FileScalar | undefined {
  const found = at(node, ...keys);
  return found?.kind === "scalar" ? found : undefined;
}

/** Returns the text below some keys. */
export function textAt(node: FileNode | undefined, ...keys: readonly string[]): string | undefined {
  const value = scalarAt(node, ...keys)?.value;
  return value === undefined ? undefined : String(value);
}

/** Returns the number below some keys. */
export function numberAt(
  node: FileNode | undefined,
  ...keys: readonly string[]
): number | undefined {
  const value = scalarAt(node, ...keys)?.value;
  return typeof value === "number" ? value : undefined;
}

/** Returns the boolean below some keys. */
export function flagAt(
  node: FileNode | undefined,
  ...keys: readonly string[]
): boolean | undefined {
  const value = scalarAt(node, ...keys)?.value;
  return typeof value === "boolean" ? value : undefined;
}

/** Returns the texts of the list below some keys; undefined without a list. */
export function textsAt(
  node: FileNode | undefined,
  ...keys: readonly string[]
): readonly string[] | undefined {
  const found = at(node, ...keys);
  if (found?.kind !== "list") return undefined;
  return found.items.flatMap((item) => (item.kind === "scalar" ? [String(item.value)] : []));
}

/** Returns the selected component of a choice: its name, and its options. */
export function componentAt(
  node: FileNode | undefined,
  ...keys: readonly string[]
): Component | undefined {
  const [first] = mapAt(node, ...keys)?.entries ?? [];
  return first === undefined ? undefined : { name: first[0], options: first[1] };
}

export interface Component {
  readonly name: string;
  readonly options: FileNode;
}

/** Returns the values of a list of scalars. */
export function valuesOf(list: FileList): readonly ScalarValue[] {
  return list.items.flatMap((item) => (item.kind === "scalar" ? [item.value] : []));
}
