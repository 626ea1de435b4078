import { lazy } from "../../../lazy.ts";
import { ES_MAIN, MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/messaging/cron/adaptor.ts");

export const cronRows: readonly LibraryRow[] = [
  {
    package: "node-cron",
    files: [
      "src/scheduled-task.js",
      ...["dist/tasks", "dist/cjs/tasks", "dist/esm/tasks"].flatMap((folder) => [
        `${folder}/inline-scheduled-task.js`,
        `${folder}/inline-scheduled-task.cjs`,
      ]),
      ...["dist/_shared.js", "dist/_shared.cjs"],
    ],
    versions: ">=3 <5",
    load,
    instrumentation: "node-cron",
  },
  {
    package: "croner",
    files: [MAIN, ES_MAIN],
    versions: ">=8 <12",
    load,
    instrumentation: "croner",
  },
];
