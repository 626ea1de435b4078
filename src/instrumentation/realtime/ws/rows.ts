import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/realtime/ws/adaptor.ts");

export const wsRows: readonly LibraryRow[] = [
  {
    package: "ws",
    files: ["lib/websocket-server.js", "lib/websocket.js"],
    versions: ">=7 <9",
    load,
    instrumentation: "ws",
  },
];
