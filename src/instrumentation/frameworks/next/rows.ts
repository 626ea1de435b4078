import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/next/adaptor.ts");

export const nextRows: readonly LibraryRow[] = [
  {
    package: "next",
    files: [
      "dist/server/base-server.js",
      "dist/server/lib/trace/tracer.js",
      "dist/server/lib/router-utils/instrumentation-globals.external.js",
    ],
    versions: ">=15 <17",
    load,
    instrumentation: "next",
  },
];
