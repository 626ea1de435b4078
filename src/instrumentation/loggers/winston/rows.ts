import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../../logs/winston.ts")>("logs/winston.ts");

export const winstonRows: readonly LibraryRow[] = [
  {
    package: "winston",
    files: ["lib/winston/logger.js"],
    versions: ">=3 <4",
    load,
    instrumentation: "winston",
  },
  {
    package: "winston-transport",
    files: ["modern.js"],
    versions: ">=4 <5",
    load,
    instrumentation: "winston",
  },
  {
    package: "logform",
    files: ["json.js", "timestamp.js"],
    versions: ">=2.4 <3",
    load,
    instrumentation: "winston",
  },
];
