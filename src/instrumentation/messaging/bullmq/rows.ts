import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/messaging/bullmq/adaptor.ts");

export const bullmqRows: readonly LibraryRow[] = [
  {
    package: "bullmq",
    files: ["cjs", "esm"].flatMap((folder) =>
      ["flow-producer", "job", "queue", "worker"].map(
        (name) => `dist/${folder}/classes/${name}.js`,
      ),
    ),
    versions: ">=5 <7",
    load,
    instrumentation: "bullmq",
  },
];
