import { installedNode } from "../scripts/node.mjs";

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

function testNode(name: TestNode["name"], installed: "node22" | "node24" | "node26"): TestNode[] {
  const path = installedNode(installed);
  if (path !== undefined) return [{ name, path }];
  const platform = `${process.platform}-${process.arch}`;
  if (platform === "darwin-arm64" && name === "24") return [];
  throw new Error(`Node ${name} for ${platform} is not installed: run \`npm run nodes\``);
}
