import type { NextRow } from "../next16/rows.ts";
import { rows as newest, titleOf } from "../next16/rows.ts";

/** The oldest version, which has another bundler and runs middleware on the edge runtime only. */
export const rows: readonly NextRow[] = newest
  .filter(({ way }) => way === "next start")
  .map((row): NextRow => ({
    ...row,
    group: "next15",
    title: titleOf({ group: "next15", way: row.way, node: "22.15" }),
    requestCases: "next 15",
    site: { group: "next15", node: "22.15", config: "cjs" },
    moduleSystem: "cjs",
    node: "22.15",
  }));
