import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/nest/adaptor.ts");

export const nestRows: readonly LibraryRow[] = [
  {
    package: "@nestjs/core",
    files: ["exceptions/exceptions-handler.js", "router/router-response-controller.js"],
    versions: ">=10 <13",
    load,
    instrumentation: "nestjs-core",
  },
];
