import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>(
  "instrumentation/limiters/fastify-rate-limit/adaptor.ts",
);

export const fastifyRateLimitRows: readonly LibraryRow[] = [
  {
    package: "@fastify/rate-limit",
    files: [MAIN],
    versions: ">=9 <12",
    load,
    instrumentation: "fastify-rate-limit",
  },
];
