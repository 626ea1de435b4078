import type { TestNode } from "../nodes.ts";

/** A library in the tests and in the README's table. */
export interface LibraryRow {
  /** Name on npm. */
  readonly library: string;
  /** Folder in the group's `node_modules`: an alias where several versions are installed. */
  readonly installed: string;
  /** Module system of the app. */
  readonly moduleSystem: "esm" | "cjs";
  readonly node: TestNode["name"];
  /** What is supported, in a few words: `server spans by route, metrics, errors`. */
  readonly supports: string;
}

/** A version of a library in one module system on one Node. */
export type Variant = Pick<LibraryRow, "installed" | "moduleSystem" | "node">;

/**
 * Combines each version with both module systems on the newest Node, and the
 * newest version with the older Nodes.
 */
export function variants(...installed: readonly string[]): Variant[] {
  const [newest = ""] = installed;
  return [
    ...installed.flatMap((name) => [
      { installed: name, moduleSystem: "esm" as const, node: "26" as const },
      { installed: name, moduleSystem: "cjs" as const, node: "26" as const },
    ]),
    { installed: newest, moduleSystem: "esm", node: "22.15" },
    { installed: newest, moduleSystem: "cjs", node: "24" },
  ];
}
