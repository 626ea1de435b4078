import { type FrameworkRow, frameworkSupport } from "../frameworks/row.ts";
import type { Site } from "./build.ts";

/** How a Next app is served. */
export type Way = "next start" | "standalone" | "custom server";

export interface NextRow extends FrameworkRow {
  readonly site: Site;
  readonly way: Way;
}

const next = {
  library: "next",
  installed: "next",
  app: "next",
  loads: {},
  wildcard: "",
  supports: `${frameworkSupport}, both routers (Next's own spans if enabled)`,
};

/** The newest version: by its command, as in a container, and within an Express app. */
export const rows: readonly NextRow[] = (
  [
    {
      ...next,
      group: "next16",
      way: "next start",
      requestCases: "next",
      site: { group: "next16", node: "26", config: "esm" },
      moduleSystem: "esm",
      node: "26",
    },
    {
      ...next,
      group: "next16",
      way: "standalone",
      requestCases: "next below a base path",
      prefix: "/base",
      site: { group: "next16", node: "24", config: "cjs", basePath: "/base", standalone: true },
      moduleSystem: "cjs",
      node: "24",
    },
    {
      ...next,
      group: "next16",
      way: "custom server",
      requestCases: "next in express",
      site: { group: "next16", node: "26", config: "esm" },
      moduleSystem: "esm",
      node: "22.15",
    },
  ] as const
).map((row) => ({ ...row, title: titleOf(row) }));

export function titleOf({ group, way, node }: Pick<NextRow, "group" | "way" | "node">): string {
  return `${group}, ${way}, Node ${node}`;
}
