import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../../logs/pino.ts")>("logs/pino.ts");

export const pinoRows: readonly LibraryRow[] = [
  {
    package: "pino",
    files: ["lib/proto.js"],
    versions: ">=7 <11",
    load,
    instrumentation: "pino",
  },
  {
    // What pino's transports run in.
    package: "thread-stream",
    files: [MAIN],
    versions: ">=0.11 <5",
    load,
    instrumentation: "pino",
  },
];
