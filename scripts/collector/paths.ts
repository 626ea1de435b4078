import { join } from "node:path";
import { root } from "../build/paths.ts";

/** Presets, back ends, image and manifests. */
export const collector: string = join(root, "collector");
/** The sources generated from `manifest.yaml`, with the sums of all modules. */
export const distribution: string = join(collector, "distribution");
export const manifest: string = join(collector, "manifest.yaml");
/** Modules of this project: contrib's redaction with a wider scope, and its file storage with a reserve. */
export const ownModules: readonly string[] = [
  join(collector, "redaction"),
  join(collector, "storage"),
];
/** The name of the binary, as in `manifest.yaml`. */
export const program = "telltale-collector";
