import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../../logs/bunyan.ts")>("logs/bunyan.ts");

export const bunyanRows: readonly LibraryRow[] = [
  {
    package: "bunyan",
    files: ["lib/bunyan.js"],
    versions: ">=1.8 <3",
    load,
    instrumentation: "bunyan",
  },
];
