import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/bluebird/adaptor.ts");

export const bluebirdRows: readonly LibraryRow[] = [
  {
    package: "bluebird",
    files: ["js/release/promise.js"],
    versions: ">=3 <4",
    load,
    instrumentation: "bluebird",
  },
];
