import { lazy } from "../../lazy.ts";
import type { LibraryRow } from "../loading/library-row.ts";
import { entries } from "./entries.ts";

const loadMethods = lazy<typeof import("./adaptor.ts")>("instrumentation/call-sites/adaptor.ts");
const loadPrisma = lazy<typeof import("./prisma.ts")>("instrumentation/call-sites/prisma.ts");

const RUNTIMES = ["client", "library", "binary"];

/**
 * Libraries that make a call later than the app's, when a connection is free or the query is
 * awaited, so that the stack of the call does not show the app. Only with a viewer.
 */
export const callSiteRows: readonly LibraryRow[] = [
  ...[...new Set(entries.map((entry) => entry.package))].map((name): LibraryRow => ({
    package: name,
    files: entries.filter((entry) => entry.package === name).flatMap(({ files }) => files),
    versions: ">=0.3.0",
    load: loadMethods,
    instrumentation: name,
  })),
  {
    package: "@prisma/client",
    files: RUNTIMES.flatMap((name) => [`runtime/${name}.js`, `runtime/${name}.mjs`]),
    versions: ">=5",
    load: loadPrisma,
    instrumentation: "@prisma/client",
  },
];
