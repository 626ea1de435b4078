/** A request of the tests, with its route. */
export interface RequestCase {
  readonly title: string;
  /** `GET /users/42`. */
  readonly request: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Undefined if the app has registered no route for it. */
  readonly route: string | undefined;
  /** Message of the only error event; undefined if there is none. */
  readonly error?: string;
  /** Number of calls to the stock service; default: 0. */
  readonly calls?: number;
  /** Log messages in their order; default: none. */
  readonly lines?: readonly string[];
}

/**
 * Spans and metrics have a route because a handler is registered for it, whichever
 * function responds.
 */
const plain: readonly RequestCase[] = [
  { title: "a parameter", request: "GET /users/42", status: 200, route: "/users/:id" },
  { title: "HEAD of a GET route", request: "HEAD /users/42", status: 200, route: "/users/:id" },
  {
    title: "two parameters, one of a nested router",
    request: "GET /users/42/orders/7?full=1",
    status: 200,
    route: "/users/:id/orders/:order",
  },
  { title: "no matching route", request: "GET /nowhere/42", status: 404, route: undefined },
  {
    title: "no matching route in a router",
    request: "GET /users/42/x/y/z",
    status: 404,
    route: undefined,
  },
  ...failuresBelow(""),
];

/** Requests that fail, by the function that responds to the error. */
function failuresBelow(prefix: string): RequestCase[] {
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
      title: "an error to which the app's handler responds with 500",
      request: `GET ${prefix}/swallowed/7`,
      status: 500,
      route: `${prefix}/swallowed/:id`,
      error: "failed 7",
    },
    {
      title: "a client error",
      request: `GET ${prefix}/refused/7`,
      status: 400,
      route: `${prefix}/refused/:id`,
    },
  ];
}

const express: readonly RequestCase[] = [
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

const fastify: readonly RequestCase[] = [
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

const koa: readonly RequestCase[] = [
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
  { title: "a mount that calls next", request: "GET /shop/empty/1", status: 404, route: undefined },
  { title: "an empty mount", request: "GET /nothing/1", status: 404, route: undefined },
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
    title: "a router's middleware that responds",
    request: "GET /fails/7",
    headers: { authorization: "none" },
    status: 401,
    route: "/fails/:id",
  },
  {
    title: "an error to which a middleware responds, and which it emits as Koa's guide recommends",
    request: "GET /emitted",
    status: 503,
    route: undefined,
    error: "failed emitted",
  },
  { title: "405 for another method", request: "DELETE /users/42", status: 405, route: undefined },
  { title: "OPTIONS, automatic", request: "OPTIONS /users/42", status: 200, route: undefined },
];

/** Hapi writes parameters in braces. */
const hapi: readonly RequestCase[] = [
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

const restify: readonly RequestCase[] = [
  ...plain,
  {
    title: "a path with a prefix and a version",
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

const hono: readonly RequestCase[] = [
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
    title: "a middleware that responds",
    request: "GET /fails/7",
    headers: { authorization: "none" },
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

/** Connect has mounts instead of routes. */
const connect: readonly RequestCase[] = [
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
  { title: "no matching route", request: "GET /nowhere/42", status: 404, route: undefined },
  { title: "a mount that calls next", request: "GET /users/42", status: 404, route: undefined },
  {
    title: "no matching route in a sub-app",
    request: "GET /api/v1/x/42",
    status: 404,
    route: undefined,
  },
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
    title: "an error to which the app's handler responds with 500",
    request: "GET /swallowed/7",
    status: 500,
    route: "/swallowed",
    error: "failed in a sub-app",
  },
  { title: "a client error", request: "GET /refused/7", status: 400, route: "/refused" },
];

/** Routes with a version and the global prefix, and without a version. */
const nest: readonly RequestCase[] = [
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
  ...failuresBelow("/api"),
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
    headers: { authorization: "none" },
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

/** Nest 12 registers a route in Express for unmatched paths below the prefix. */
const nest12OnExpress: readonly RequestCase[] = nest.map((one) =>
  one.status === 404 && one.title !== "no prefix" ? { ...one, route: "/api*path" } : one,
);

const nestOnFastify: readonly RequestCase[] = [
  ...nest,
  { title: "a wildcard", request: "GET /api/files/a/b.txt", status: 200, route: "/api/files/*" },
];

/** Hapi's own response, whose status differs between versions. */
function preflight(status: number): RequestCase {
  return {
    title: "a preflight, automatic",
    request: "OPTIONS /shared",
    headers: { origin: "http://shop.example", "access-control-request-method": "GET" },
    status,
    route: undefined,
  };
}

/** A wildcard in the syntax of one version. */
function wildcard(request: string, route: string): RequestCase {
  return { title: "a wildcard", request, status: 200, route };
}

interface NextSite {
  readonly basePath?: string;
  /** Route of a custom server around Next, where Next has none. */
  readonly elsewhere?: string;
  /** Log messages of the middleware, where it can log. */
  readonly before?: readonly string[];
}

/** Both routers: files declare the routes. */
function next({ basePath = "", elsewhere, before = [] }: NextSite = {}): RequestCase[] {
  const page = (title: string, request: string, route: string, more: Partial<RequestCase> = {}) => {
    const [method, path] = request.split(" ");
    return {
      title,
      request: `${method} ${basePath}${path}`,
      status: 200,
      route: basePath + route,
      ...more,
    };
  };
  const none = (
    title: string,
    request: string,
    status: number,
    more: Partial<RequestCase> = {},
  ) => ({
    ...page(title, request, "", { status, ...more }),
    route: elsewhere,
  });
  const failed = { status: 500, error: "failed 7" };
  const order = { calls: 1, lines: ["order"] };
  return [
    page("a server component", "GET /orders/42", "/orders/[id]", order),
    page("HEAD of a page", "HEAD /orders/42", "/orders/[id]", order),
    page("a catch-all", "GET /docs/a/b", "/docs/[...slug]"),
    page("an optional catch-all", "GET /shop/a", "/shop/[[...slug]]"),
    page("an optional catch-all of nothing", "GET /shop", "/shop/[[...slug]]"),
    page("a route group", "GET /grouped/42", "/grouped/[id]"),
    page("parallel routes", "GET /board/42", "/board/[id]"),
    page("notFound()", "GET /gone/7", "/gone/[id]", { status: 404 }),
    page("redirect()", "GET /moved/7", "/moved/[id]", { status: 307 }),
    page("a component that throws", "GET /broken/7", "/broken/[id]", failed),
    page("one that throws when the status is out", "GET /streamed/7", "/streamed/[id]", {
      error: "failed 7",
    }),
    page("a route handler", "GET /things/42", "/things/[id]", { lines: ["thing"] }),
    page("OPTIONS, automatic", "OPTIONS /things/42", "/things/[id]", { status: 204 }),
    page("another method", "DELETE /things/42", "/things/[id]", { status: 405 }),
    page("a route handler that throws", "GET /fails/7", "/fails/[id]", failed),
    page("getServerSideProps", "GET /old/42", "/old/[id]", { calls: 1, lines: ["old"] }),
    page("getServerSideProps that throws", "GET /old-fails/7", "/old-fails/[id]", failed),
    page("a static page", "GET /old-static", "/old-static"),
    page("an API route", "GET /api/items/42", "/api/items/[id]", { calls: 1, lines: ["item"] }),
    page("an API route, catch-all", "GET /api/files/a/b", "/api/files/[...path]"),
    page("405 of an API route", "POST /api/files/a/b", "/api/files/[...path]", { status: 405 }),
    page("an API route that throws", "GET /api/fails/7", "/api/fails/[id]", failed),
    page("what is behind middleware", "GET /guarded/42", "/guarded/[id]", {
      calls: 1,
      lines: [...before, "behind"],
    }),
    none("middleware that answers", "GET /guarded/closed", 401, { lines: before }),
    none("middleware that throws", "GET /guarded/7", 500, { ...failed, lines: before }),
    none("no matching route", "GET /nowhere/42", 404),
    none("nothing below an API", "GET /api/nowhere", 404),
    none("a file of public/", "GET /hello.txt", 200),
    none("nothing of the build", "GET /_next/static/nothing.js", 404),
  ];
}

const home = { title: "a page made at build time", status: 200 };

const file = "GET /files/a/b.txt";

export type RequestTableName =
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
  | "nest on fastify"
  | "next"
  | "next 15"
  | "next below a base path"
  | "next in express";

/** Requests by the name that a row of `rows.ts` has in `requestCases`. */
export const requestCases: Readonly<Record<RequestTableName, readonly RequestCase[]>> = {
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
  next: [{ ...home, request: "GET /", route: "/" }, ...next({ before: ["before"] })],
  "next 15": [
    { ...home, request: "GET /", route: "/" },
    ...next(),
    {
      title: "a page for the app's own navigation",
      request: "GET /orders/42",
      headers: { rsc: "1" },
      status: 200,
      route: "/orders/[id]",
      calls: 1,
      lines: ["order"],
    },
  ],
  "next below a base path": [
    { ...home, request: "GET /base", route: "/base" },
    ...next({ basePath: "/base", before: ["before"] }),
    {
      title: "a language",
      request: "GET /base/fr/old/42",
      status: 200,
      route: "/base/old/[id]",
      calls: 1,
      lines: ["old"],
    },
    { title: "nothing below the base path", request: "GET /old/42", status: 404, route: undefined },
  ],
  "next in express": [
    { ...home, request: "GET /", route: "/" },
    ...next({ elsewhere: "/{*rest}", before: ["before"] }),
    { title: "a route of Express's", request: "GET /plain/42", status: 200, route: "/plain/:id" },
  ],
};
