import type { BuildOptions } from "esbuild";
import { root } from "./paths.ts";

/** The options for all bundles of `dist/`. */
export const buildOptions: BuildOptions & { readonly metafile: true } = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22.15",
  // A top-level await would break `require` of the file (facts/style.md).
  supported: { "top-level-await": false },
  // Names and lines are kept: stack traces can be read without source maps, and
  // when an error is thrown through our code Node prints one line, not the whole file.
  minifySyntax: true,
  legalComments: "none",
  // Beside the files, for the tests, and not published (`files` of package.json): names and
  // lines are kept and the sources are not published, so no comment refers to a map.
  sourcemap: "external",
  sourcesContent: false,
  metafile: true,
  logLevel: "warning",
};
