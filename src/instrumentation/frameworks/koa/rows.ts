import { lazy } from "../../../lazy.ts";
import type { LibraryRow } from "../../loading/library-row.ts";

const load = lazy<typeof import("./adaptor.ts")>("instrumentation/frameworks/koa/adaptor.ts");

export const koaRows: readonly LibraryRow[] = [
  {
    package: "koa",
    files: ["lib/application.js", "lib/context.js"],
    versions: ">=2 <4",
    load,
    instrumentation: "koa",
  },
  {
    package: "@koa/router",
    files: ["lib/router.js", "dist/index.js", "dist/index.mjs"],
    versions: ">=8 <16",
    load,
    instrumentation: "koa",
  },
  {
    // The former name of `@koa/router`.
    package: "koa-router",
    files: ["lib/router.js"],
    versions: ">=7.4 <15",
    load,
    instrumentation: "koa",
  },
  {
    package: "koa-mount",
    files: ["index.js"],
    versions: ">=4 <5",
    load,
    instrumentation: "koa",
  },
];
