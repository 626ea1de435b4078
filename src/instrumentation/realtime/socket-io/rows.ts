import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/realtime/socket-io/adaptor.ts");

export const socketIoRows: readonly LibraryRow[] = [
  {
    package: "socket.io",
    files: ["dist/client.js", "dist/socket.js"],
    versions: ">=3 <5",
    load,
    instrumentation: "socket.io",
  },
  {
    package: "engine.io",
    files: ["build/server.js", "lib/server.js"],
    versions: ">=4 <7",
    load,
    instrumentation: "socket.io",
  },
];
