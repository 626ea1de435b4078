import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/metrics/prom-client/adaptor.ts");

export const promClientRows: readonly LibraryRow[] = [
  {
    package: "prom-client",
    files: ["lib/registry.js"],
    versions: ">=14 <16",
    load,
    instrumentation: "prom-client",
  },
];
