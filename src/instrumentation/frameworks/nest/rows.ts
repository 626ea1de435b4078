import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../nest.ts")>("instrumentation/nest.ts");

export const nestRows: readonly LibraryRow[] = [
  {
    package: "@nestjs/core",
    files: ["exceptions/exceptions-handler.js", "router/router-response-controller.js"],
    versions: ">=10 <13",
    load,
    instrumentation: "nestjs-core",
  },
];
