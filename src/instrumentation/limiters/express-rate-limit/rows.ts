import { lazy } from "../../../lazy.ts";
import { ES_MAIN, MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>(
  "instrumentation/limiters/express-rate-limit/adaptor.ts",
);

export const expressRateLimitRows: readonly LibraryRow[] = [
  {
    package: "express-rate-limit",
    files: [MAIN, ES_MAIN],
    // `require` of earlier ones fails.
    versions: ">=6.0.5 <9",
    load,
    instrumentation: "express-rate-limit",
  },
];
