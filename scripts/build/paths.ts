import { join } from "node:path";

/** The repository. */
export const root: string = join(import.meta.dirname, "..", "..");
export const dist: string = join(root, "dist");
/**
 * Where a build makes what becomes `dist/` when all went well: beside it, so
 * that the paths in the source maps are right, and one for each build.
 */
export const staging: string = join(root, `dist.next-${process.pid}`);
/** What the scripts keep between two runs; nobody misses it when it is gone. */
export const cache: string = join(root, "node_modules", ".cache", "telltale");
/** What one build needs on the way. */
export const scratch: string = join(cache, `build-${process.pid}`);
