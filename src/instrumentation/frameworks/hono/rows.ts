import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/hono/adaptor.ts");

const honoRouters = [
  "linear-router",
  "pattern-router",
  "reg-exp-router",
  "smart-router",
  "trie-router",
];

export const honoRows: readonly LibraryRow[] = [
  {
    package: "hono",
    files: honoRouters.flatMap((name) => [
      `dist/router/${name}/router.js`,
      `dist/cjs/router/${name}/router.js`,
    ]),
    versions: ">=4 <5",
    load,
    instrumentation: "hono",
  },
  {
    package: "hono",
    files: ["stream", "sse"].flatMap((name) => [
      `dist/helper/streaming/${name}.js`,
      `dist/cjs/helper/streaming/${name}.js`,
    ]),
    assignableExports: ["stream", "streamSSE"],
    versions: ">=4 <5",
    load,
    instrumentation: "hono",
  },
];
