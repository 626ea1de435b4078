import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/messaging/kafkajs/adaptor.ts");

export const kafkajsRows: readonly LibraryRow[] = [
  {
    package: "kafkajs",
    files: [MAIN],
    versions: ">=2 <3",
    load,
    instrumentation: "kafkajs",
  },
];
