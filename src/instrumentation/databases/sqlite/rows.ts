import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/sqlite/adaptor.ts");

export const sqliteRows: readonly LibraryRow[] = [
  {
    package: "node:sqlite",
    files: [MAIN],
    versions: ">=22.15",
    load,
    instrumentation: "sqlite",
  },
  {
    package: "better-sqlite3",
    files: ["lib/index.js"],
    versions: ">=9 <14",
    load,
    instrumentation: "better-sqlite3",
  },
];
