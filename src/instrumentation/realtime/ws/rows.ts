import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../ws.ts")>("instrumentation/ws.ts");

export const wsRows: readonly LibraryRow[] = [
  {
    package: "ws",
    files: ["lib/websocket-server.js", "lib/websocket.js"],
    versions: ">=7 <9",
    load,
    instrumentation: "ws",
  },
];
