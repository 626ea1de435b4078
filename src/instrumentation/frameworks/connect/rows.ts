import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/connect/adaptor.ts");

export const connectRows: readonly LibraryRow[] = [
  {
    package: "connect",
    files: ["index.js"],
    versions: ">=3.1 <4",
    load,
    instrumentation: "connect",
  },
];
