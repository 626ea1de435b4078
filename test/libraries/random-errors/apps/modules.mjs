import { createRequire } from "node:module";

/** Requires packages of the groups of libraries next to this folder. */
export const requireFramework = createRequire(new URL("../../frameworks/rows.ts", import.meta.url));
export const requireQueue = createRequire(new URL("../../queues/rows.ts", import.meta.url));
