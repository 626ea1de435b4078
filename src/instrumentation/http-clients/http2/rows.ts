import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/http-clients/http2/adaptor.ts");

export const http2Rows: readonly LibraryRow[] = [
  {
    package: "node:http2",
    files: [MAIN],
    versions: ">=22.15",
    load,
    instrumentation: "http",
  },
];
