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
  readonly gives: string;
}
