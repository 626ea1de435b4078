import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/pg/adaptor.ts");

export const pgRows: readonly LibraryRow[] = [
  {
    package: "pg",
    files: [MAIN, "lib/client.js", "lib/native/client.js"],
    versions: ">=8.0.3 <9",
    load,
    instrumentation: "pg",
  },
  {
    package: "pg-pool",
    files: [MAIN],
    versions: ">=2 <4",
    load,
    instrumentation: "pg",
  },
];
