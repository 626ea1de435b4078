import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/databases/mysql/adaptor.ts");

export const mysqlRows: readonly LibraryRow[] = [
  {
    package: "mysql",
    files: [MAIN, "lib/Pool.js", "lib/PoolCluster.js", "lib/protocol/Protocol.js"],
    versions: ">=2.0.0 <3",
    load,
    instrumentation: "mysql",
  },
];
