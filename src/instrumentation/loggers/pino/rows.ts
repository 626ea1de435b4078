import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/loggers/pino/adaptor.ts");

export const pinoRows: readonly LibraryRow[] = [
  {
    package: "pino",
    files: ["lib/proto.js"],
    versions: ">=7 <11",
    load,
    instrumentation: "pino",
  },
  {
    // The threads of pino's transports.
    package: "thread-stream",
    files: [MAIN],
    versions: ">=0.11 <5",
    load,
    instrumentation: "pino",
  },
];
