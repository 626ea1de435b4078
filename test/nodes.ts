import { installedNode, type NodeName } from "../scripts/node.mjs";

/** A version of Node that runs fixtures. */
export interface TestNode {
  /** Version in titles. */
  readonly name: "22.15" | "24" | "26";
  /** Absolute path of its program. */
  readonly path: string;
}

/**
 * The supported versions of Node. `npm test` (or `npm run nodes`) installs them; a
 * missing one is an error instead of a smaller matrix. npm has no 24 for Apple
 * silicon.
 */
export const nodes: readonly TestNode[] = [
  ...testNode("22.15", "node22"),
  ...testNode("24", "node24"),
  ...testNode("26", "node26"),
];

/** The Node of the build, for tests that need only one. */
export const node: string = process.execPath;

/** An unsupported Node, which can't require an ES module. */
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
