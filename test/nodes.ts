import { installedNode, type NodeName } from "../scripts/node.mjs";

/** A Node that the tests run fixtures with. */
export interface TestNode {
  /** As it goes into titles. */
  readonly name: "22.15" | "24" | "26";
  /** Its program, absolute. */
  readonly path: string;
}

/**
 * The Nodes that we promise to work on. They come with `npm test` (or `npm run
 * nodes`); one that is missing is an error and not a smaller matrix. Apple
 * silicon has no 24 on npm.
 */
export const nodes: readonly TestNode[] = [
  ...testNode("22.15", "node22"),
  ...testNode("24", "node24"),
  ...testNode("26", "node26"),
];

/** The Node that built us: for tests that need only one. */
export const node: string = process.execPath;

/** A Node that is too old for us, and can't even require an ES module. */
export const oldNode: string = required("node20");

function testNode(name: TestNode["name"], installed: NodeName): TestNode[] {
  const isMissingOnNpm = `${process.platform}-${process.arch}` === "darwin-arm64" && name === "24";
  return isMissingOnNpm ? [] : [{ name, path: required(installed) }];
}

function required(name: NodeName): string {
  const path = installedNode(name);
  if (path !== undefined) return path;
  throw new Error(
    `${name} for ${process.platform}-${process.arch} is not installed: run \`npm run nodes\``,
  );
}
