import type { FastifyInstance, FastifyServerOptions } from "fastify";

export interface FastifyCase {
  readonly title: string;
  /** Undefined for both. */
  readonly only?: 4 | 5;
  readonly options?: FastifyServerOptions;
  register(app: FastifyInstance): void;
  /** `GET /path`; `headers` has its headers. */
  readonly request: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly route: string | undefined;
  readonly status?: number;
  /** Message of the recorded error. */
  readonly error?: string;
  readonly originalError?: string;
}

const ok = async (): Promise<string> => "ok";
const fail = async (): Promise<never> => {
  throw new Error("failed");
};

export const fastifyRoutes: readonly FastifyCase[] = [
  {
    title: "a plain path",
    register: (app) => app.get("/plain", ok),
    request: "GET /plain",
    route: "/plain",
  },
  { title: "the root", register: (app) => app.get("/", ok), request: "GET /", route: "/" },
  {
    title: "a parameter",
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/42?x=1",
    route: "/users/:id",
  },
  {
    title: "an encoded parameter",
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/%C3%A9%2Fx",
    route: "/users/:id",
  },
  {
    title: "an optional parameter",
    register: (app) => app.get("/optional/:x?", ok),
    request: "GET /optional",
    route: "/optional/:x?",
  },
  {
    title: "a parameter with a pattern",
    register: (app) => app.get("/files/:name(^\\d+).png", ok),
    request: "GET /files/12.png",
    route: "/files/:name(^\\d+).png",
  },
  {
    title: "two parameters in one segment",
    register: (app) => app.get("/near/:lat-:lng", ok),
    request: "GET /near/1-2",
    route: "/near/:lat-:lng",
  },
  {
    title: "a wildcard",
    register: (app) => app.get("/files/*", ok),
    request: "GET /files/a/b",
    route: "/files/*",
  },
  {
    title: "a wildcard for everything",
    register: (app) => app.get("*", ok),
    request: "GET /any/thing",
    route: "*",
  },
  {
    title: "all methods",
    register: (app) => app.all("/all/:x", ok),
    request: "DELETE /all/1",
    route: "/all/:x",
  },
  {
    title: "several methods",
    register: (app) => app.route({ method: ["GET", "PUT"], url: "/both", handler: ok }),
    request: "PUT /both",
    route: "/both",
  },
  {
    title: "HEAD for a GET route",
    register: (app) => app.get("/users/:id", ok),
    request: "HEAD /users/42",
    route: "/users/:id",
  },
  {
    title: "HEAD where it is not wanted",
    options: { exposeHeadRoutes: false },
    register: (app) => app.get("/plain", ok),
    request: "HEAD /plain",
    route: undefined,
    status: 404,
  },
  {
    title: "HEAD with a route of its own",
    register: (app) => app.head("/plain", ok).get("/plain", ok),
    request: "HEAD /plain",
    route: "/plain",
  },
  {
    title: "a plugin with a prefix",
    register: (app) =>
      void app.register(async (plugin) => void plugin.get("/users/:id", ok), { prefix: "/v1" }),
    request: "GET /v1/users/42",
    route: "/v1/users/:id",
  },
  {
    title: "the root of a plugin with a prefix",
    register: (app) =>
      void app.register(async (plugin) => void plugin.get("/", ok), { prefix: "/v1" }),
    request: "GET /v1",
    route: "/v1",
  },
  {
    title: "plugins in plugins, with a parameter in a prefix",
    register: (app) =>
      void app.register(
        async (outer) =>
          void outer.register(async (inner) => void inner.get("/orders/:order", ok), {
            prefix: "/shops/:shop",
          }),
        { prefix: "/v1" },
      ),
    request: "GET /v1/shops/7/orders/9",
    route: "/v1/shops/:shop/orders/:order",
  },
  {
    title: "a version constraint",
    register(app) {
      app.route({ method: "GET", url: "/x", handler: ok });
      app.route({ method: "GET", url: "/x", constraints: { version: "2.0.0" }, handler: ok });
    },
    request: "GET /x",
    headers: { "accept-version": "2.x" },
    route: "/x",
    status: 200,
  },
  {
    title: "a host constraint",
    register(app) {
      const constraints = { host: "shop.example" };
      app.route({ method: "GET", url: "/x/:y", constraints, handler: ok });
    },
    request: "GET /x/1",
    headers: { host: "shop.example" },
    route: "/x/:y",
  },
  {
    title: "a trailing slash that is ignored",
    options: { ignoreTrailingSlash: true },
    register: (app) => app.get("/plain", ok),
    request: "GET /plain/",
    route: "/plain",
  },
  {
    title: "another case, where case is ignored",
    options: { caseSensitive: false },
    register: (app) => app.get("/plain/:x", ok),
    request: "GET /PLAIN/1",
    route: "/plain/:x",
  },
  {
    title: "a rewritten url",
    options: { rewriteUrl: () => "/new/1" },
    register: (app) => app.get("/new/:id", ok),
    request: "GET /old",
    route: "/new/:id",
  },
  {
    title: "nothing that matches",
    register: (app) => app.get("/plain", ok),
    request: "GET /other",
    route: undefined,
    status: 404,
  },
  {
    title: "nothing that matches, with a handler of the app's",
    register(app) {
      app.get("/plain", ok);
      app.setNotFoundHandler((_request, reply) => reply.code(404).send("no"));
    },
    request: "GET /other",
    route: undefined,
    status: 404,
  },
  {
    title: "nothing that matches below a prefix with a handler of its own",
    register: (app) =>
      void app.register(
        async (plugin) => {
          plugin.get("/x", ok);
          plugin.setNotFoundHandler((_request, reply) => reply.code(404).send("no"));
        },
        { prefix: "/v1" },
      ),
    request: "GET /v1/other",
    route: undefined,
    status: 404,
  },
  {
    title: "a method that doesn't match",
    register: (app) => app.get("/plain", ok),
    request: "POST /plain",
    route: undefined,
    status: 404,
  },
  {
    title: "a parameter that is too long",
    options: { maxParamLength: 3 },
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/12345",
    route: undefined,
  },
  {
    title: "a path that can't be decoded",
    register: (app) => app.get("/users/:id", ok),
    request: "GET /users/%ZZ",
    route: undefined,
    status: 400,
  },
  {
    title: "a route that calls reply.callNotFound()",
    register: (app) => app.get("/x", (_request, reply) => reply.callNotFound()),
    request: "GET /x",
    route: "/x",
    status: 404,
  },
  {
    title: "input that is refused",
    register(app) {
      const schema = { querystring: { type: "object", required: ["q"] } };
      app.get("/search", { schema }, ok);
    },
    request: "GET /search",
    route: "/search",
    status: 400,
    error: "querystring must have required property 'q'",
  },
  {
    title: "a body of an unsupported type",
    only: 4,
    register: (app) => app.post("/orders", ok),
    request: "POST /orders",
    headers: { "content-type": "application/x-odd", "content-length": "0" },
    route: "/orders",
    status: 415,
    error: "Unsupported Media Type: application/x-odd",
  },
  {
    title: "a body of an unsupported type",
    only: 5,
    register: (app) => app.post("/orders", ok),
    request: "POST /orders",
    headers: { "content-type": "application/x-odd", "content-length": "0" },
    route: "/orders",
    status: 415,
    error: "Unsupported Media Type",
  },
  {
    title: "a hook that fails before the handler",
    register(app) {
      app.addHook("onRequest", fail);
      app.get("/x/:y", ok);
    },
    request: "GET /x/1",
    route: "/x/:y",
    status: 500,
    error: "failed",
  },
  {
    title: "a hook that responds before the handler",
    register(app) {
      app.addHook("preHandler", async (_request, reply) => reply.code(401).send("no"));
      app.get("/x/:y", ok);
    },
    request: "GET /x/1",
    route: "/x/:y",
    status: 401,
  },
  {
    title: "a hook that fails before nothing",
    register(app) {
      app.addHook("onRequest", fail);
      app.get("/x", ok);
    },
    request: "GET /other",
    route: undefined,
    status: 500,
    error: "failed",
  },
  {
    title: "an async handler that throws",
    register: (app) => app.get("/x", fail),
    request: "GET /x",
    route: "/x",
    status: 500,
    error: "failed",
  },
  {
    title: "a handler that throws",
    register(app) {
      app.get("/x", () => {
        throw new Error("thrown");
      });
    },
    request: "GET /x",
    route: "/x",
    status: 500,
    error: "thrown",
  },
  {
    title: "an error passed to reply.send()",
    register: (app) => app.get("/x", (_request, reply) => void reply.send(new Error("sent"))),
    request: "GET /x",
    route: "/x",
    status: 500,
    error: "sent",
  },
  {
    title: "an error that the app's handler answers",
    register(app) {
      app.setErrorHandler((_error, _request, reply) => reply.code(503).send("no"));
      app.get("/x", fail);
    },
    request: "GET /x",
    route: "/x",
    status: 503,
    error: "failed",
  },
  {
    title: "an error of the app's error handler",
    register(app) {
      app.setErrorHandler(() => {
        throw new Error("second");
      });
      app.get("/x", fail);
    },
    request: "GET /x",
    route: "/x",
    status: 500,
    error: "second",
    originalError: "failed",
  },
  {
    title: "a hook that fails after the handler, and again after the error handler",
    register(app) {
      app.addHook("onSend", fail);
      app.get("/x", ok);
    },
    request: "GET /x",
    route: "/x",
    status: 500,
    error: "failed",
    originalError: "failed",
  },
  {
    title: "a status without an error",
    register: (app) => app.get("/x", (_request, reply) => void reply.code(500).send("no")),
    request: "GET /x",
    route: "/x",
    status: 500,
  },
];
