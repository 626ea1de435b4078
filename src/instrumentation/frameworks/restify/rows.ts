import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../restify.ts")>("instrumentation/restify.ts");

export const restifyRows: readonly LibraryRow[] = [
  {
    package: "restify",
    files: ["lib/server.js"],
    versions: ">=11 <13",
    load,
    instrumentation: "restify",
  },
];
