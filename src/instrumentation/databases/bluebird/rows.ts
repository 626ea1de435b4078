import { lazy } from "../../../lazy.ts";
import type { Row } from "../../library-row.ts";

const load = lazy<typeof import("../../bluebird.ts")>("instrumentation/bluebird.ts");

export const bluebirdRows: readonly Row[] = [
  {
    package: "bluebird",
    files: ["js/release/promise.js"],
    versions: ">=3 <4",
    load,
    instrumentation: "bluebird",
  },
];
