import { lazy } from "../../../lazy.ts";
import { ES_MAIN, MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>(
  "instrumentation/databases/cache-manager/adaptor.ts",
);

export const cacheManagerRows: readonly LibraryRow[] = [
  {
    package: "cache-manager",
    files: [MAIN, ES_MAIN],
    assignableExports: ["createCache"],
    versions: ">=6 <8",
    load,
    instrumentation: "cache-manager",
  },
  {
    package: "cache-manager",
    files: ["dist/caching.js"],
    versions: ">=5 <6",
    load,
    instrumentation: "cache-manager",
  },
];
