import { type FrameworkRow, gives, rowsOf } from "./row.ts";

/**
 * The newest major runs on the floor too, as ES modules: how those are patched
 * is what differs there. On 24 runs what nothing else runs on.
 */
const onFloor = { nodes: { esm: "22.15" } } as const;
const on24 = { nodes: { cjs: "24" } } as const;

const withRouter = `${gives}, with @koa/router 8 to 15 and koa-mount`;

export const rows: readonly FrameworkRow[] = rowsOf("frameworks", [
  {
    library: "express",
    installed: "express-oldest",
    app: "express",
    exchanges: "express4",
    loads: { express: "express-oldest" },
    wildcard: "*",
  },
  {
    library: "express",
    installed: "express4",
    app: "express",
    exchanges: "express4",
    loads: { express: "express4" },
    wildcard: "*",
    ...on24,
  },
  {
    library: "express",
    installed: "express",
    app: "express",
    exchanges: "express5",
    loads: { express: "express" },
    wildcard: "*path",
    ...onFloor,
  },
  {
    library: "fastify",
    installed: "fastify4",
    app: "fastify",
    exchanges: "fastify",
    loads: { fastify: "fastify4" },
    wildcard: "*",
    ...on24,
  },
  {
    library: "fastify",
    installed: "fastify",
    app: "fastify",
    exchanges: "fastify",
    loads: { fastify: "fastify" },
    wildcard: "*",
    ...onFloor,
  },
  {
    library: "koa",
    installed: "koa-oldest",
    app: "koa",
    gives: withRouter,
    exchanges: "koa-router 8",
    loads: { koa: "koa-oldest", router: "koa-router-oldest", mount: "koa-mount" },
    wildcard: "(.*)",
  },
  {
    library: "koa",
    installed: "koa2",
    app: "koa",
    gives: withRouter,
    exchanges: "koa-router 8",
    loads: { koa: "koa2", router: "koa-router-12", mount: "koa-mount" },
    wildcard: "(.*)",
    ...on24,
  },
  {
    library: "koa",
    installed: "koa",
    app: "koa",
    gives: withRouter,
    exchanges: "koa-router 15",
    loads: { koa: "koa", router: "@koa/router", mount: "koa-mount" },
    wildcard: "{*path}",
    ...onFloor,
  },
  {
    // 17 to 19 answer no request for nothing that there is on the Nodes of today.
    library: "@hapi/hapi",
    installed: "hapi20",
    app: "hapi",
    exchanges: "hapi 20",
    loads: { hapi: "hapi20" },
    wildcard: "{path*}",
    ...on24,
  },
  {
    library: "@hapi/hapi",
    installed: "@hapi/hapi",
    app: "hapi",
    exchanges: "hapi 21",
    loads: { hapi: "@hapi/hapi" },
    wildcard: "{path*}",
    ...onFloor,
  },
  {
    library: "connect",
    installed: "connect-oldest",
    app: "connect",
    exchanges: "connect",
    loads: { connect: "connect-oldest" },
    wildcard: "",
    ...on24,
  },
  {
    library: "connect",
    installed: "connect",
    app: "connect",
    exchanges: "connect",
    loads: { connect: "connect" },
    wildcard: "",
    ...onFloor,
  },
  {
    // It needs a part of Node that 24 has no more.
    library: "restify",
    installed: "restify11",
    app: "restify",
    exchanges: "restify",
    loads: { restify: "restify11" },
    wildcard: "*",
    nodes: { esm: "22.15", cjs: "22.15" },
  },
  {
    library: "restify",
    installed: "restify",
    app: "restify",
    exchanges: "restify",
    loads: { restify: "restify" },
    wildcard: "*",
    ...on24,
  },
  {
    library: "hono",
    installed: "hono-oldest",
    app: "hono",
    exchanges: "hono",
    loads: { hono: "hono-oldest", server: "@hono/node-server-1" },
    wildcard: "*",
    ...on24,
  },
  {
    library: "hono",
    installed: "hono",
    app: "hono",
    exchanges: "hono",
    loads: { hono: "hono", server: "@hono/node-server" },
    wildcard: "*",
    ...onFloor,
  },
  ...(["express", "fastify"] as const).map((platform) => ({
    library: `@nestjs/platform-${platform}`,
    installed: `@nestjs/platform-${platform}`,
    app: "nest",
    exchanges:
      platform === "express" ? ("nest 12 on express" as const) : ("nest on fastify" as const),
    loads: {
      common: "@nestjs/common",
      core: "@nestjs/core",
      adapter: `@nestjs/platform-${platform}`,
    },
    wildcard: platform === "express" ? "*path" : "*",
    ...onFloor,
  })),
]);
