import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../bluebird.ts")>("instrumentation/bluebird.ts");

export const bluebirdRows: readonly LibraryRow[] = [
  {
    package: "bluebird",
    files: ["js/release/promise.js"],
    versions: ">=3 <4",
    load,
    instrumentation: "bluebird",
  },
];
