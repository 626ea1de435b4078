import { readFileSync, statSync } from "node:fs";

/** Smaller files contain no library. */
const MIN_BYTES = 10_000;
const MAX_BYTES = 20_000_000;
const MAX_PATH_LENGTH = 300;

/** What a bundler has left in a file of the app. */
export interface BundleContents {
  readonly isBundle: boolean;
  /** Packages of which the bundler names files. Empty in a minified bundle. */
  readonly packages: ReadonlySet<string>;
}

/** The name of a package at the beginning of the path of one of its files. */
const PACKAGE_NAME = /^((?:@[\w.-]+\/)?[\w.-]+)\/[^\s"'()]*\.[cm]?js$/;

/** Helpers of webpack, ncc, esbuild and rollup, by which a CommonJS module in a bundle is loaded. */
const HELPERS =
  /__webpack_require__|__nccwpck_require__|__commonJS|\(\(\w+=\{exports:\{\}\}\)\.exports,\w+\)|getDefaultExportFromCjs/;

/** Reads what is bundled into a file. Never throws. */
export function readBundle(file: string): BundleContents {
  try {
    const { size } = statSync(file);
    if (size < MIN_BYTES || size > MAX_BYTES) return { isBundle: false, packages: new Set() };
    const text = readFileSync(file, "utf8");
    const packages = new Set(text.split("node_modules/").slice(1).flatMap(packageAtStart));
    return { isBundle: HELPERS.test(text), packages };
  } catch {
    return { isBundle: false, packages: new Set() };
  }
}

/** A bundler writes the paths of files in comments and in names. */
function packageAtStart(text: string): string[] {
  const [path = ""] = text.slice(0, MAX_PATH_LENGTH).split(/[\s"'()]/, 1);
  const name = PACKAGE_NAME.exec(path)?.[1];
  return name === undefined ? [] : [name];
}
