import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../pg.ts")>("instrumentation/pg.ts");

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
