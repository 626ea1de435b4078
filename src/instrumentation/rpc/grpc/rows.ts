import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/rpc/grpc/adaptor.ts");

export const grpcRows: readonly LibraryRow[] = [
  {
    package: "@grpc/grpc-js",
    files: [MAIN],
    versions: "^1.0.0",
    load,
    instrumentation: "grpc",
  },
];
