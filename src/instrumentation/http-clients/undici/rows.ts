import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/http-clients/undici/adaptor.ts");

export const undiciRows: readonly LibraryRow[] = [
  {
    package: "undici",
    files: [
      "lib/core/request.js",
      ...["lib/", "lib/dispatcher/"].flatMap((folder) =>
        ["dispatcher-base", "pool-base", "client"].map((name) => `${folder}${name}.js`),
      ),
    ],
    versions: ">=5 <9",
    load,
    instrumentation: "undici",
  },
];
