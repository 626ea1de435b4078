import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../mongoose.ts")>("instrumentation/mongoose.ts");

export const mongooseRows: readonly LibraryRow[] = [
  {
    package: "mongoose",
    files: ["lib/collection.js"],
    versions: ">=5 <7",
    load,
    instrumentation: "mongoose",
  },
];
