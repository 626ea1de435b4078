import type { TestNode } from "../nodes.ts";

/** One line of the tests of a library, and of the README's support table. */
export interface LibraryRow {
  /** As npm names it. */
  readonly library: string;
  /** Its folder in the group's `node_modules`: an alias where several majors are there. */
  readonly installed: string;
  /** How the program loads it. */
  readonly moduleSystem: "esm" | "cjs";
  readonly node: TestNode["name"];
  /** What telltale gives of it, in a few words: `server spans by route, metrics, errors`. */
  readonly supports: string;
}

/** A version of a library, and what loads it. */
export type Variant = Pick<LibraryRow, "installed" | "moduleSystem" | "node">;

/** Each version in both module systems on the newest Node; the newest also on the older ones. */
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
