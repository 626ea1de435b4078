import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/mongodb/adaptor.ts");

export const mongodbRows: readonly LibraryRow[] = [
  {
    package: "mongodb",
    files: ["lib/cmap/connection.js", "lib/cmap/connection_pool.js"],
    versions: ">=4 <8",
    load,
    instrumentation: "mongodb",
  },
  {
    package: "mongodb",
    files: ["lib/core/wireprotocol/command.js", "lib/cmap/connection_pool.js"],
    versions: ">=3.3 <4",
    load,
    instrumentation: "mongodb",
  },
];
