import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/mysql2/adaptor.ts");

export const mysql2Rows: readonly LibraryRow[] = [
  {
    package: "mysql2",
    files: ["lib/connection.js", "lib/pool.js"],
    versions: ">=1.4.2 <4",
    load,
    instrumentation: "mysql2",
  },
];
