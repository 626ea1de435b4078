import type { BuildOptions } from "esbuild";
import { root } from "./paths.ts";

/** How all of `dist/` is bundled. */
export const buildOptions: BuildOptions & { readonly metafile: true } = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22.15",
  // A top-level await would break `require` of the file (facts/style.md).
  supported: { "top-level-await": false },
  // Names and lines stay: stack traces can be read without the maps, and when
  // an error passes through us Node prints a line of ours, not the whole file.
  minifySyntax: true,
  legalComments: "none",
  sourcemap: "linked",
  metafile: true,
  logLevel: "warning",
};
