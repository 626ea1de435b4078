import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "./bundled-file.ts";
import { root } from "./paths.ts";

/** A third-party package whose code is in `dist/`. */
export interface BundledPackage {
  /** Path relative to the repository: `node_modules/pg`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** The SPDX expression of its manifest. */
  readonly license: string | undefined;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** Returns the packages with code in `dist/`, by name. */
export function bundledPackages(bundle: Bundle): BundledPackage[] {
  const inputs = [...bundle.values()].flatMap((file) => [...file.inputs.keys()]);
  const paths = new Set(inputs.map(packagePathOf).filter((path) => path !== undefined));
  return [...paths].map(readPackage).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** `node_modules/a/node_modules/@b/c/lib/d.js` -> `node_modules/a/node_modules/@b/c`. */
export function packagePathOf(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function readPackage(path: string): BundledPackage {
  const text = readFileSync(join(root, path, "package.json"), "utf8");
  const { name, version, license } = JSON.parse(text) as Manifest;
  return { path, name, version, license };
}
