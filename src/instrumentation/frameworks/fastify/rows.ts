import { lazy } from "../../../lazy.ts";
import { MAIN, type LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/fastify/adaptor.ts");

export const fastifyRows: readonly LibraryRow[] = [
  {
    package: "fastify",
    files: [
      "lib/error-handler.js",
      "lib/reply.js",
      "lib/hooks.js",
      "lib/handle-request.js",
      "lib/handleRequest.js",
      "lib/wrapThenable.js",
      "lib/wrap-thenable.js",
    ],
    versions: ">=4 <6",
    load,
    instrumentation: "fastify",
  },
  {
    package: "find-my-way",
    files: [MAIN],
    versions: ">=6 <10",
    load,
    instrumentation: "fastify",
  },
];
