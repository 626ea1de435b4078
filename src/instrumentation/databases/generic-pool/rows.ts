import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>(
  "instrumentation/databases/generic-pool/adaptor.ts",
);

export const genericPoolRows: readonly LibraryRow[] = [
  {
    package: "generic-pool",
    files: [MAIN],
    versions: ">=2 <4",
    load,
    instrumentation: "generic-pool",
  },
];
