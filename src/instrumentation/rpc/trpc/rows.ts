import { lazy } from "../../../lazy.ts";
import { ES_MAIN, MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/rpc/trpc/adaptor.ts");

export const trpcRows: readonly LibraryRow[] = [
  {
    package: "@trpc/server",
    files: [MAIN, ES_MAIN],
    versions: ">=10 <12",
    load,
    instrumentation: "trpc",
  },
];
