import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/restify/adaptor.ts");

export const restifyRows: readonly LibraryRow[] = [
  {
    package: "restify",
    files: ["lib/server.js", "lib/response.js"],
    versions: ">=11 <13",
    load,
    instrumentation: "restify",
  },
];
