import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../http2-client.ts")>("instrumentation/http2-client.ts");

export const http2Rows: readonly LibraryRow[] = [
  {
    package: "node:http2",
    files: [MAIN],
    versions: ">=22.15",
    load,
    instrumentation: "http",
  },
];
