import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/loggers/bunyan/adaptor.ts");

export const bunyanRows: readonly LibraryRow[] = [
  {
    package: "bunyan",
    files: ["lib/bunyan.js"],
    versions: ">=1.8 <3",
    load,
    instrumentation: "bunyan",
  },
];
