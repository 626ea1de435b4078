/** A request of the tests, and which route it is of. */
export interface Exchange {
  readonly title: string;
  /** `GET /users/42`. */
  readonly request: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Undefined: nothing that the app has registered. */
  readonly route: string | undefined;
  /** The message of the one error event; none otherwise. */
  readonly error?: string;
}

/** Spans and metrics have a route because a handler was registered for it, whoever answers. */
const plain: readonly Exchange[] = [
  { title: "a parameter", request: "GET /users/42", status: 200, route: "/users/:id" },
  { title: "HEAD of a GET route", request: "HEAD /users/42", status: 200, route: "/users/:id" },
  {
    title: "two parameters, one of a nested router",
    request: "GET /users/42/orders/7?full=1",
    status: 200,
    route: "/users/:id/orders/:order",
  },
  { title: "nothing that there is", request: "GET /nowhere/42", status: 404, route: undefined },
  {
    title: "nothing below a router",
    request: "GET /users/42/x/y/z",
    status: 404,
    route: undefined,
  },
  ...troubleBelow(""),
];

/** What goes wrong, and who answers it. */
function troubleBelow(prefix: string): Exchange[] {
  return [
    {
      title: "a handler that throws",
      request: `GET ${prefix}/fails/7`,
      status: 500,
      route: `${prefix}/fails/:id`,
      error: "failed 7",
    },
    {
      title: "a handler that rejects",
      request: `GET ${prefix}/rejects/7`,
      status: 500,
      route: `${prefix}/rejects/:id`,
      error: "failed 7",
    },
    {
      title: "an error that the app's own handler answers with 500",
      request: `GET ${prefix}/swallowed/7`,
      status: 500,
      route: `${prefix}/swallowed/:id`,
      error: "failed 7",
    },
    {
      title: "an error of the caller's",
      request: `GET ${prefix}/refused/7`,
      status: 400,
      route: `${prefix}/refused/:id`,
    },
  ];
}

const express: readonly Exchange[] = [
  ...plain,
  {
    title: "a router in a mounted app",
    request: "GET /shop/v1/users/42/orders/7",
    status: 200,
    route: "/shop/v1/users/:id/orders/:order",
  },
  { title: "any method", request: "PATCH /any/1", status: 200, route: "/any/:id" },
  { title: "another method", request: "DELETE /fails/7", status: 404, route: undefined },
  { title: "OPTIONS, automatic", request: "OPTIONS /users/42", status: 200, route: undefined },
];

const fastify: readonly Exchange[] = [
  ...plain,
  {
    title: "a plugin in a plugin, with prefixes",
    request: "GET /api/v1/users/42/orders/7",
    status: 200,
    route: "/api/v1/users/:id/orders/:order",
  },
  { title: "the root of a prefix", request: "GET /api/v1", status: 200, route: "/api/v1" },
  { title: "a wildcard", request: "GET /files/a/b.txt", status: 200, route: "/files/*" },
  { title: "any method", request: "PATCH /any/1", status: 200, route: "/any/:id" },
  { title: "another method", request: "DELETE /fails/7", status: 404, route: undefined },
  { title: "OPTIONS for a GET route", request: "OPTIONS /users/42", status: 404, route: undefined },
  {
    title: "a hook that fails",
    request: "GET /stopped/7",
    status: 500,
    route: "/stopped/:id",
    error: "failed before the handler",
  },
];

const koa: readonly Exchange[] = [
  ...plain,
  {
    title: "a router in a mount in a mounted app",
    request: "GET /shop/v1/users/42",
    status: 200,
    route: "/shop/v1/users/:id",
  },
  {
    title: "a router in a router in mounts",
    request: "GET /shop/v1/users/42/orders/7",
    status: 200,
    route: "/shop/v1/users/:id/orders/:order",
  },
  { title: "a mount that goes on", request: "GET /shop/empty/1", status: 404, route: undefined },
  { title: "a mount without anything", request: "GET /nothing/1", status: 404, route: undefined },
  {
    title: "the first of two routes",
    request: "GET /both/second",
    status: 200,
    route: "/both/:id",
  },
  {
    title: "the second of two routes",
    request: "GET /both/second?pass",
    status: 200,
    route: "/both/second",
  },
  {
    title: "a regular expression",
    request: "GET /item-7",
    status: 200,
    route: "/^\\/item-(\\d+)$/",
  },
  {
    title: "a router's middleware that answers",
    request: "GET /fails/7",
    headers: { authorization: "nobody" },
    status: 401,
    route: "/fails/:id",
  },
  {
    title: "an error that a middleware answers, and emits as Koa's guide says",
    request: "GET /told",
    status: 503,
    route: undefined,
    error: "failed told",
  },
  { title: "405 for another method", request: "DELETE /users/42", status: 405, route: undefined },
  { title: "OPTIONS, automatic", request: "OPTIONS /users/42", status: 200, route: undefined },
];

/** Hapi writes parameters in braces. */
const hapi: readonly Exchange[] = [
  ...plain,
  {
    title: "a plugin in a plugin, with prefixes",
    request: "GET /api/v1/users/42/orders/7",
    status: 200,
    route: "/api/v1/users/:id/orders/:order",
  },
  { title: "any method", request: "PATCH /any/1", status: 200, route: "/any/:id" },
  { title: "another method", request: "DELETE /fails/7", status: 404, route: undefined },
  { title: "OPTIONS for a GET route", request: "OPTIONS /users/42", status: 404, route: undefined },
  {
    title: "an extension that fails",
    request: "GET /stopped/7",
    status: 500,
    route: "/stopped/:id",
    error: "failed before the handler",
  },
].map((one) => ({ ...one, route: one.route?.replace(/:(\w+)/g, "{$1}") }));

const restify: readonly Exchange[] = [
  ...plain,
  {
    title: "a path that is a prefix and a version",
    request: "GET /api/v1/users/42/orders/7",
    status: 200,
    route: "/api/v1/users/:id/orders/:order",
  },
  { title: "a wildcard", request: "GET /files/a/b.txt", status: 200, route: "/files/*" },
  { title: "405 for another method", request: "DELETE /fails/7", status: 405, route: undefined },
  { title: "OPTIONS for a GET route", request: "OPTIONS /users/42", status: 405, route: undefined },
  {
    title: "a middleware that fails",
    request: "GET /stopped/7",
    status: 500,
    route: "/stopped/:id",
    error: "failed before the handler",
  },
];

const hono: readonly Exchange[] = [
  ...plain,
  {
    title: "an app in an app with a base path",
    request: "GET /api/v1/users/42/orders/7",
    status: 200,
    route: "/api/v1/users/:id/orders/:order",
  },
  { title: "a wildcard", request: "GET /files/a/b.txt", status: 200, route: "/files/*" },
  { title: "any method", request: "PATCH /any/1", status: 200, route: "/any/:id" },
  { title: "another method", request: "DELETE /fails/7", status: 404, route: undefined },
  { title: "OPTIONS for a GET route", request: "OPTIONS /users/42", status: 404, route: undefined },
  {
    title: "a middleware that answers",
    request: "GET /fails/7",
    headers: { authorization: "nobody" },
    status: 401,
    route: "/fails/:id",
  },
  {
    title: "a middleware that fails",
    request: "GET /stopped/7",
    status: 500,
    route: "/stopped/:id",
    error: "failed before the handler",
  },
];

/** Connect has no routes, but mounts. */
const connect: readonly Exchange[] = [
  { title: "a mount", request: "GET /plain", status: 200, route: "/plain" },
  { title: "all below a mount", request: "GET /plain/42/7?x=1", status: 200, route: "/plain" },
  { title: "HEAD", request: "HEAD /plain/42", status: 200, route: "/plain" },
  { title: "OPTIONS", request: "OPTIONS /plain/42", status: 200, route: "/plain" },
  {
    title: "mounts in mounts",
    request: "GET /api/v1/list/42",
    status: 200,
    route: "/api/v1/list",
  },
  { title: "nothing that there is", request: "GET /nowhere/42", status: 404, route: undefined },
  { title: "a mount that goes on", request: "GET /users/42", status: 404, route: undefined },
  { title: "nothing in a sub-app", request: "GET /api/v1/x/42", status: 404, route: undefined },
  {
    title: "a handler that throws",
    request: "GET /fails/7",
    status: 500,
    route: "/fails",
    error: "failed 7",
  },
  {
    title: "a handler that throws in a sub-app",
    request: "GET /api/v1/fails/7",
    status: 500,
    route: "/api/v1/fails",
    error: "failed in a mount",
  },
  {
    title: "an error that the app's own handler answers with 500",
    request: "GET /swallowed/7",
    status: 500,
    route: "/swallowed",
    error: "failed in a sub-app",
  },
  { title: "an error of the caller's", request: "GET /refused/7", status: 400, route: "/refused" },
];

/** Routes with a version and the global prefix, and without a version. */
const nest: readonly Exchange[] = [
  {
    title: "a version",
    request: "GET /api/v1/users/42",
    status: 200,
    route: "/api/v1/users/:id",
  },
  {
    title: "another version",
    request: "GET /api/v2/users/42",
    status: 200,
    route: "/api/v2/users/:id",
  },
  {
    title: "HEAD of a GET route",
    request: "HEAD /api/v1/users/42",
    status: 200,
    route: "/api/v1/users/:id",
  },
  {
    title: "two parameters",
    request: "GET /api/v1/users/42/orders/7?full=1",
    status: 200,
    route: "/api/v1/users/:id/orders/:order",
  },
  { title: "any method", request: "PATCH /api/any/1", status: 200, route: "/api/any/:id" },
  { title: "a version too many", request: "GET /api/v3/users/1", status: 404, route: undefined },
  {
    title: "OPTIONS for a GET route",
    request: "OPTIONS /api/v1/users/42",
    status: 404,
    route: undefined,
  },
  { title: "no prefix", request: "GET /v1/users/42", status: 404, route: undefined },
  { title: "another method", request: "DELETE /api/fails/7", status: 404, route: undefined },
  ...troubleBelow("/api"),
  {
    title: "a guard that fails",
    request: "GET /api/guarded/7",
    status: 500,
    route: "/api/guarded/:id",
    error: "failed in a guard",
  },
  {
    title: "a guard that refuses",
    request: "GET /api/guarded/7",
    headers: { authorization: "nobody" },
    status: 403,
    route: "/api/guarded/:id",
  },
  {
    title: "an interceptor that fails",
    request: "GET /api/intercepted/7",
    status: 500,
    route: "/api/intercepted/:id",
    error: "failed in an interceptor",
  },
];

/** Nest 12 has a route of its own, of Express, for what there is not below the prefix. */
const nest12OnExpress: readonly Exchange[] = nest.map((one) =>
  one.status === 404 && one.title !== "no prefix" ? { ...one, route: "/api*path" } : one,
);

const nestOnFastify: readonly Exchange[] = [
  ...nest,
  { title: "a wildcard", request: "GET /api/files/a/b.txt", status: 200, route: "/api/files/*" },
];

/** Hapi's own answer, whose status one version and another don't agree about. */
function preflight(status: number): Exchange {
  return {
    title: "a preflight, automatic",
    request: "OPTIONS /shared",
    headers: { origin: "http://shop.example", "access-control-request-method": "GET" },
    status,
    route: undefined,
  };
}

/** A wildcard, as one version of a library writes it. */
function wildcard(request: string, route: string): Exchange {
  return { title: "a wildcard", request, status: 200, route };
}

const file = "GET /files/a/b.txt";

export type TableName =
  | "express4"
  | "express5"
  | "fastify"
  | "koa-router 8"
  | "koa-router 15"
  | "hapi 20"
  | "hapi 21"
  | "connect"
  | "restify"
  | "hono"
  | "nest 10 on express"
  | "nest 11 on express"
  | "nest 12 on express"
  | "nest on fastify";

/** Request -> route, by the name that a row of `rows.ts` has in `exchanges`. */
export const exchanges: Readonly<Record<TableName, readonly Exchange[]>> = {
  express4: [...express, wildcard(file, "/files/*")],
  express5: [...express, wildcard(file, "/files/*path")],
  fastify,
  "koa-router 8": [...koa, wildcard(file, "/files/(.*)")],
  "koa-router 15": [...koa, wildcard(file, "/files/{*path}")],
  "hapi 20": [...hapi, wildcard(file, "/files/{path*}"), preflight(204)],
  "hapi 21": [...hapi, wildcard(file, "/files/{path*}"), preflight(200)],
  connect,
  restify,
  hono,
  "nest 10 on express": [...nest, wildcard("GET /api/files/a/b.txt", "/api/files/*")],
  "nest 11 on express": [...nest, wildcard("GET /api/files/a/b.txt", "/api/files/*path")],
  "nest 12 on express": [
    ...nest12OnExpress,
    wildcard("GET /api/files/a/b.txt", "/api/files/*path"),
  ],
  "nest on fastify": nestOnFastify,
};
