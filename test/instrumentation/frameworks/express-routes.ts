import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

/*
 * The parts of Express that the tests use, for both versions: Express has no
 * types, and those of @types/express cover one version only.
 */
export type ExpressRequest = IncomingMessage & { params: Record<string, string>; url: string };
export type ExpressResponse = ServerResponse & { send(body: string): void };
export type Next = (error?: unknown) => void;
export type Handler = (request: ExpressRequest, response: ExpressResponse, next: Next) => unknown;
export type ErrorHandler = (
  error: unknown,
  request: ExpressRequest,
  response: ExpressResponse,
  next: Next,
) => unknown;

type Registered = Handler | Router | readonly (Handler | Router)[];
type Path = string | RegExp | readonly Path[];

export interface Router {
  use(path: Path, ...handlers: Registered[]): Router;
  use(...handlers: Registered[]): Router;
  use(handler: ErrorHandler): Router;
  get(path: Path, ...handlers: Registered[]): Router;
  post(path: Path, ...handlers: Registered[]): Router;
  all(path: Path, ...handlers: Registered[]): Router;
  route(path: Path): { get(handler: Handler): { post(handler: Handler): unknown } };
  param(
    name: string,
    handler: (...args: [ExpressRequest, ExpressResponse, Next, string]) => unknown,
  ): unknown;
}

export interface App extends Router {
  enable(setting: string): void;
}

export interface Express {
  (): App & RequestListener;
  Router(options?: { mergeParams?: boolean; caseSensitive?: boolean; strict?: boolean }): Router;
}

export interface RouteCase {
  readonly title: string;
  /** Undefined for both. */
  readonly only?: 4 | 5;
  register(app: App, express: Express): void;
  /** `GET /path`. */
  readonly request: string;
  readonly route: string | undefined;
}

const ok: Handler = (_request, response) => response.send("ok");
const slow: Handler = (_request, response) => void setImmediate(() => response.send("ok"));
const answering: ErrorHandler = (_error, _request, response, _next) => response.send("handled");
const pass: Handler = (_request, _response, next) => next();

export const expressRoutes: readonly RouteCase[] = [
  {
    title: "a plain path",
    register: (app) => app.get("/plain", ok),
    request: "GET /plain",
    route: "/plain",
  },
  {
    title: "the root",
    register: (app) => app.get("/", ok),
    request: "GET /",
    route: "/",
  },
  {
    title: "a parameter",
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/42",
    route: "/users/:id",
  },
  {
    title: "a path with a query",
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/42?full=1&x=/y",
    route: "/users/:id",
  },
  {
    title: "two parameters in one segment",
    register: (app) => app.get("/flights/:from-:to", ok),
    request: "GET /flights/LAX-SFO",
    route: "/flights/:from-:to",
  },
  {
    title: "a parameter with a pattern",
    only: 4,
    register: (app) => app.get("/users/:id(\\d+)", ok),
    request: "GET /users/42",
    route: "/users/:id(\\d+)",
  },
  {
    title: "an optional parameter",
    only: 4,
    register: (app) => app.get("/optional/:x?", ok),
    request: "GET /optional",
    route: "/optional/:x?",
  },
  {
    title: "an optional parameter",
    only: 5,
    register: (app) => app.get("/optional{/:x}", ok),
    request: "GET /optional",
    route: "/optional{/:x}",
  },
  {
    title: "a wildcard",
    only: 4,
    register: (app) => app.get("/files/*", ok),
    request: "GET /files/a/b.txt",
    route: "/files/*",
  },
  {
    title: "a wildcard",
    only: 5,
    register: (app) => app.get("/files/*path", ok),
    request: "GET /files/a/b.txt",
    route: "/files/*path",
  },
  {
    title: "a wildcard for everything",
    only: 4,
    register: (app) => app.get("*", ok),
    request: "GET /any/thing",
    route: "*",
  },
  {
    title: "a wildcard for everything",
    only: 5,
    register: (app) => app.get("/{*any}", ok),
    request: "GET /any/thing",
    route: "/{*any}",
  },
  {
    title: "a regular expression",
    register: (app) => app.get(/^\/item-(\d+)$/i, ok),
    request: "GET /item-7",
    route: "/^\\/item-(\\d+)$/i",
  },
  {
    title: "the first of several paths",
    register: (app) => app.get(["/first", "/second"], ok),
    request: "GET /first",
    route: "/first",
  },
  {
    title: "the second of several paths",
    register: (app) => app.get(["/first", "/second"], ok),
    request: "GET /second?x=1",
    route: "/second",
  },
  {
    title: "one of several paths with parameters",
    register: (app) => app.get(["/a/:x", "/b/:y/c"], ok),
    request: "GET /b/1/c",
    route: "/b/:y/c",
  },
  {
    title: "one of nested lists of paths",
    register: (app) => app.get(["/a", ["/b/:x", ["/c/:x"]]], ok),
    request: "GET /c/1",
    route: "/c/:x",
  },
  {
    title: "a regular expression among several paths",
    register: (app) => app.get(["/a", /^\/b+$/], ok),
    request: "GET /bbb",
    route: "/^\\/b+$/",
  },
  {
    title: "one of several paths below a mount",
    register: (app, { Router }) => app.use("/api", Router().get(["/a", "/b"], ok)),
    request: "GET /api/b",
    route: "/api/b",
  },
  {
    title: "one of several paths that are the same in lower case",
    register: (app) => app.get(["/Case", "/other"], ok),
    request: "GET /cASE",
    route: "/Case",
  },
  {
    title: "all methods",
    register: (app) => app.all("/all/:x", ok),
    request: "PATCH /all/1",
    route: "/all/:x",
  },
  {
    title: "app.route()",
    register: (app) => app.route("/both").get(ok).post(ok),
    request: "POST /both",
    route: "/both",
  },
  {
    title: "HEAD for a GET route",
    register: (app) => app.get("/plain", ok),
    request: "HEAD /plain",
    route: "/plain",
  },
  {
    title: "OPTIONS answered by Express itself",
    register: (app) => app.get("/plain", ok),
    request: "OPTIONS /plain",
    route: undefined,
  },
  {
    title: "a trailing slash in the request",
    register: (app) => app.get("/plain", ok),
    request: "GET /plain/",
    route: "/plain",
  },
  {
    title: "upper case in the request",
    register: (app) => app.get("/plain", ok),
    request: "GET /PLAIN",
    route: "/plain",
  },
  {
    title: "percent-encoded values",
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/%C3%A9%20%2Fx",
    route: "/users/:id",
  },
  {
    title: "values that can't be decoded",
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/%ZZ",
    route: undefined,
  },
  {
    title: "the absolute form of a request target",
    register: (app) => app.get("/users/:id", ok),
    request: "GET http://shop.example/users/42",
    route: "/users/:id",
  },
  {
    title: "a mounted router",
    register: (app, { Router }) => app.use("/api", Router().get("/users/:id", ok)),
    request: "GET /api/users/42",
    route: "/api/users/:id",
  },
  {
    title: "a router mounted without a path",
    register: (app, { Router }) => app.use(Router().get("/users/:id", ok)),
    request: "GET /users/42",
    route: "/users/:id",
  },
  {
    title: "a router mounted at the root",
    register: (app, { Router }) => app.use("/", Router().get("/users/:id", ok)),
    request: "GET /users/42",
    route: "/users/:id",
  },
  {
    title: "the root of a mounted router",
    register: (app, { Router }) => app.use("/api", Router().get("/", ok)),
    request: "GET /api",
    route: "/api",
  },
  {
    title: "the root of a mounted router, with a slash",
    register: (app, { Router }) => app.use("/api", Router().get("/", ok)),
    request: "GET /api/",
    route: "/api",
  },
  {
    title: "a mount with a trailing slash",
    register: (app, { Router }) => app.use("/api/", Router().get("/x", ok)),
    request: "GET /api/x",
    route: "/api/x",
  },
  {
    title: "a mount in another case than the request",
    register: (app, { Router }) => app.use("/Api", Router().get("/x", ok)),
    request: "GET /aPI/x",
    route: "/Api/x",
  },
  {
    title: "a mount with a parameter",
    register: (app, { Router }) => app.use("/users/:id", Router().get("/orders/:order", ok)),
    request: "GET /users/42/orders/7",
    route: "/users/:id/orders/:order",
  },
  {
    title: "the root below a mount with a parameter",
    register: (app, { Router }) => app.use("/users/:id", Router().get("/", ok)),
    request: "GET /users/42",
    route: "/users/:id",
  },
  {
    title: "an encoded slash in a mount's parameter",
    register: (app, { Router }) => app.use("/users/:id", Router().get("/orders", ok)),
    request: "GET /users/a%2Fb/orders",
    route: "/users/:id/orders",
  },
  {
    title: "mounts in mounts, with and without parameters",
    register(app, { Router }) {
      const orders = Router().get("/items/:item", ok);
      const shop = Router().use("/orders/:order", orders);
      app.use("/v1/:tenant", Router().use("/shop", shop));
    },
    request: "GET /v1/acme/shop/orders/7/items/9",
    route: "/v1/:tenant/shop/orders/:order/items/:item",
  },
  {
    title: "a router with merged parameters",
    register(app, { Router }) {
      app.use("/users/:id", Router({ mergeParams: true }).get("/:id", ok));
    },
    request: "GET /users/1/2",
    route: "/users/:id/:id",
  },
  {
    title: "one router at two places, the second",
    register(app, { Router }) {
      const router = Router().get("/x/:y", ok);
      app.use("/one", router);
      app.use("/two/:z", router);
    },
    request: "GET /two/2/x/3",
    route: "/two/:z/x/:y",
  },
  {
    title: "several middlewares before a router in one mount",
    register: (app, { Router }) => app.use("/m/:id", [pass, pass], pass, Router().get("/x", ok)),
    request: "GET /m/1/x",
    route: "/m/:id/x",
  },
  {
    title: "a mount with a wildcard",
    only: 5,
    register: (app, { Router }) => app.use("/w/*rest", Router().get("/", ok)),
    request: "GET /w/a/b/c",
    route: "/w/*rest",
  },
  {
    title: "a mount with a regular expression",
    register: (app, { Router }) => app.use(/^\/v\d+/, Router().get("/x", ok)),
    request: "GET /v12/x",
    route: "/^\\/v\\d+//x",
  },
  {
    title: "one of several mounts",
    register: (app, { Router }) => app.use(["/v1", "/v2"], Router().get("/x", ok)),
    request: "GET /v2/x",
    route: "/v2/x",
  },
  {
    title: "one of several mounts with parameters, below another",
    register(app, { Router }) {
      const inner = Router().get("/x", ok);
      app.use("/api", Router().use(["/teams/:team", "/people/:person"], inner));
    },
    request: "GET /api/people/7/x",
    route: "/api/people/:person/x",
  },
  {
    title: "the root among several mounts",
    only: 4,
    register: (app, { Router }) => app.use(["/v1", "/"], Router().get("/x", ok)),
    request: "GET /x",
    route: "/x",
  },
  {
    title: "a mounted app",
    register(app, express) {
      const inner = express();
      inner.get("/users/:id", ok);
      app.use("/sub", inner);
    },
    request: "GET /sub/users/42",
    route: "/sub/users/:id",
  },
  {
    title: "an app mounted with a parameter, in an app",
    register(app, express) {
      const inner = express();
      const middle = express();
      inner.get("/x/:y", ok);
      middle.use("/:b", inner);
      app.use("/sub/:a", middle);
    },
    request: "GET /sub/1/2/x/3",
    route: "/sub/:a/:b/x/:y",
  },
  {
    title: "a router that a middleware calls by itself",
    register(app, { Router }) {
      const router = Router().get("/x", ok) as unknown as Handler;
      app.use("/lazy/:id", (request, response, next) => router(request, response, next));
    },
    request: "GET /lazy/1/x",
    route: "/lazy/:id/x",
  },
  {
    title: "nothing that matches",
    register: (app) => app.get("/plain", ok),
    request: "GET /other",
    route: undefined,
  },
  {
    title: "nothing that matches below a mount",
    register: (app, { Router }) => app.use("/users/:id", Router().get("/orders", ok)),
    request: "GET /users/42/other",
    route: undefined,
  },
  {
    title: "a method that doesn't match",
    register: (app) => app.get("/plain", ok),
    request: "POST /plain",
    route: undefined,
  },
  {
    title: "a middleware that responds",
    register: (app) => app.use("/health", ok),
    request: "GET /health",
    route: undefined,
  },
  {
    title: "the route after a mount that let the request pass",
    register(app, { Router }) {
      app.use("/users/:id", pass, Router().get("/orders", ok));
      app.get("/users/me", ok);
    },
    request: "GET /users/me",
    route: "/users/me",
  },
  {
    title: "the mount after a mount that let the request pass later",
    register(app, { Router }) {
      app.use("/:tenant", (_request, _response, next) => void setImmediate(next));
      app.use("/:tenant/:shop", Router().get("/x", ok));
    },
    request: "GET /acme/main/x",
    route: "/:tenant/:shop/x",
  },
  {
    title: "the route after one for all",
    register(app) {
      app.all(/.*/, pass);
      app.get("/users/:id", ok);
    },
    request: "GET /users/42",
    route: "/users/:id",
  },
  {
    title: "next('route')",
    register(app) {
      app.get("/users/:id", (_request, _response, next) => next("route"), ok);
      app.get("/users/me", ok);
    },
    request: "GET /users/me",
    route: "/users/me",
  },
  {
    title: "next('router')",
    register(app, { Router }) {
      const left = Router().get("/x", (_request, _response, next) => next("router"));
      app.use("/a/:b", left);
      app.get("/a/b/x", ok);
    },
    request: "GET /a/b/x",
    route: "/a/b/x",
  },
  {
    title: "a request that a middleware rewrote",
    register(app) {
      app.use((request, _response, next) => {
        request.url = "/new/1";
        next();
      });
      app.get("/new/:id", ok);
    },
    request: "GET /old",
    route: "/new/:id",
  },
  {
    title: "a strict router",
    register(app) {
      app.enable("strict routing");
      app.get("/plain", ok);
      app.get(["/x/", "/plain/"], ok);
    },
    request: "GET /plain/",
    route: "/plain/",
  },
  {
    title: "a route that fails deep down, with the app's error handler",
    register(app, { Router }) {
      const failing = Router().get("/fail", () => {
        throw new Error("deep");
      });
      app.use("/users/:id", Router().use("/deep", failing));
      app.use(answering);
    },
    request: "GET /users/42/deep/fail",
    route: "/users/:id/deep/fail",
  },
  {
    title: "a route that fails, without an error handler",
    register(app, { Router }) {
      const failing = Router().get("/fail", (_request, _response, next) => next(new Error("x")));
      app.use("/users/:id", failing);
    },
    request: "GET /users/42/fail",
    route: "/users/:id/fail",
  },
  {
    title: "a parameter's own handler that fails",
    register(app, { Router }) {
      const router = Router();
      router.param("order", (_request, _response, next) => next(new Error("no such order")));
      router.get("/orders/:order", ok);
      app.use("/users/:id", router);
    },
    request: "GET /users/42/orders/7",
    route: "/users/:id/orders/:order",
  },
  {
    title: "a route that responds later",
    register(app, { Router }) {
      app.use("/users/:id", Router().get("/slow", slow));
    },
    request: "GET /users/42/slow",
    route: "/users/:id/slow",
  },
];
