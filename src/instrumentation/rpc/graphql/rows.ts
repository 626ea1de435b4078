import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/rpc/graphql/adaptor.ts");

export const graphqlRows: readonly LibraryRow[] = [
  {
    package: "graphql",
    files: ["", "__dev__/"].flatMap((folder) =>
      ["execution/execute", "language/parser", "validation/validate"].flatMap((file) => [
        `${folder}${file}.js`,
        `${folder}${file}.mjs`,
      ]),
    ),
    versions: ">=15 <18",
    load,
    instrumentation: "graphql",
  },
  {
    package: "@apollo/server",
    files: ["dist/cjs/ApolloServer.js", "dist/esm/ApolloServer.js"],
    versions: ">=5 <6",
    load,
    instrumentation: "graphql",
  },
  {
    package: "graphql-http",
    files: ["lib/handler.js", "lib/handler.mjs"],
    versions: ">=1 <2",
    load,
    instrumentation: "graphql",
  },
];
