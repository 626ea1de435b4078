import type { LibraryRow } from "../row.ts";

const grpc = {
  library: "@grpc/grpc-js",
  supports: "server and client spans by method, errors of handlers, duration metric, one trace",
};

export const rows: readonly LibraryRow[] = [
  { ...grpc, installed: "@grpc/grpc-js", moduleSystem: "esm", node: "26" },
  { ...grpc, installed: "@grpc/grpc-js", moduleSystem: "cjs", node: "24" },
  { ...grpc, installed: "@grpc/grpc-js", moduleSystem: "esm", node: "22.15" },
  { ...grpc, installed: "grpc-js10", moduleSystem: "esm", node: "26" },
  { ...grpc, installed: "grpc-js10", moduleSystem: "cjs", node: "22.15" },
];
