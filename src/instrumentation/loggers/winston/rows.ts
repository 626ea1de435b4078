import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/loggers/winston/adaptor.ts");

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
