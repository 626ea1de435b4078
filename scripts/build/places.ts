import { join } from "node:path";

/** The repository. */
export const root: string = join(import.meta.dirname, "..", "..");
export const dist: string = join(root, "dist");
/** What the scripts keep between two runs; nobody misses it when it is gone. */
export const cache: string = join(root, "node_modules", ".cache", "telltale");
