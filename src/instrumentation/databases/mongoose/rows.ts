import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/mongoose/adaptor.ts");

export const mongooseRows: readonly LibraryRow[] = [
  {
    package: "mongoose",
    files: ["lib/collection.js"],
    versions: ">=5 <7",
    load,
    instrumentation: "mongoose",
  },
];
