import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/express/adaptor.ts");

export const expressRows: readonly LibraryRow[] = [
  {
    // Express 5 has none of these files: its router is the next row.
    package: "express",
    files: ["lib/router/index.js", "lib/router/layer.js", "lib/router/route.js"],
    versions: ">=4.16 <6",
    load,
    instrumentation: "express",
  },
  {
    package: "router",
    files: [MAIN, "lib/layer.js", "lib/route.js"],
    versions: ">=2 <3",
    load,
    instrumentation: "express",
  },
  {
    package: "finalhandler",
    files: [MAIN],
    versions: ">=0.1 <3",
    load,
    instrumentation: "express",
  },
];
