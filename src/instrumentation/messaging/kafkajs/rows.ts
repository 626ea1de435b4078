import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../library-row.ts";

const load = lazy<typeof import("../../kafkajs.ts")>("instrumentation/kafkajs.ts");

export const kafkajsRows: readonly LibraryRow[] = [
  {
    package: "kafkajs",
    files: [MAIN],
    versions: ">=2 <3",
    load,
    instrumentation: "kafkajs",
  },
];
