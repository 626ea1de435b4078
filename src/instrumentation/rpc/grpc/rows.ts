import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../grpc.ts")>("instrumentation/grpc.ts");

export const grpcRows: readonly LibraryRow[] = [
  {
    package: "@grpc/grpc-js",
    files: [MAIN],
    versions: "^1.0.0",
    load,
    instrumentation: "grpc",
  },
];
