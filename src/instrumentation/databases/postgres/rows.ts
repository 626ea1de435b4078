import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/postgres/adaptor.ts");

export const postgresRows: readonly LibraryRow[] = [
  {
    package: "postgres",
    files: ["src/connection.js", "src/query.js", "cjs/src/connection.js", "cjs/src/query.js"],
    assignableExports: ["default"],
    versions: ">=3 <4",
    load,
    instrumentation: "postgres",
  },
];
