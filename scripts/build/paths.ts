import { join } from "node:path";

/** The repository. */
export const root: string = join(import.meta.dirname, "..", "..");
export const dist: string = join(root, "dist");
/**
 * The folder of a build in progress, which becomes `dist/` if it succeeds. It is
 * beside `dist/`, so that paths in source maps are right, and unique per build.
 */
export const staging: string = join(root, `dist.next-${process.pid}`);
/** The cache of the scripts, which may be deleted at any time. */
export const cache: string = join(root, "node_modules", ".cache", "telltale");
/** The folder for temporary files of one build. */
export const scratch: string = join(cache, `build-${process.pid}`);
