import { type FrameworkRow, rowsOf } from "../frameworks/row.ts";

/** Nest finds its own packages by their names, so each major needs its own folder. */
export const rows: readonly FrameworkRow[] = rowsOf(
  "nest10",
  (["express", "fastify"] as const).map((platform) => ({
    library: `@nestjs/platform-${platform}`,
    installed: `@nestjs/platform-${platform}`,
    app: "nest",
    prefix: "/api",
    requestCases: platform === "express" ? "nest 10 on express" : "nest on fastify",
    loads: {
      common: "@nestjs/common",
      core: "@nestjs/core",
      adapter: `@nestjs/platform-${platform}`,
      rxjs: "rxjs",
    },
    wildcard: "*",
  })),
);
