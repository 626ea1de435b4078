import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../connect.ts")>("instrumentation/connect.ts");

export const connectRows: readonly LibraryRow[] = [
  {
    package: "connect",
    files: ["index.js"],
    versions: ">=3.1 <4",
    load,
    instrumentation: "connect",
  },
];
