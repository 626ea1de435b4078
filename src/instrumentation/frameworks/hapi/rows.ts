import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/hapi/adaptor.ts");

export const hapiRows: readonly LibraryRow[] = [
  {
    package: "@hapi/hapi",
    files: ["lib/request.js", "lib/toolkit.js"],
    versions: ">=20 <22",
    load,
    instrumentation: "hapi",
  },
];
