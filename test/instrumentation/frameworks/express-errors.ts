import type { App, ErrorHandler, Express, Handler } from "./express-routes.ts";

export interface ErrorCase {
  readonly title: string;
  readonly only?: 4 | 5;
  register(app: App, express: Express): void;
  readonly request: string;
  readonly status: number;
  /** Message of the recorded error; undefined if none is recorded. */
  readonly error: string | undefined;
  /** Message of the error that was recorded before it. */
  readonly originalError?: string;
}

const throwing: Handler = () => {
  throw new Error("thrown");
};
const answering: ErrorHandler = (error, _request, response, _next) => {
  response.statusCode = 503;
  response.send(String(error));
};
const passing: ErrorHandler = (error, _request, _response, next) => next(error);
const rethrowing: ErrorHandler = (_error, _request, _response, _next) => {
  throw new Error("second");
};
const rejecting: ErrorHandler = (_error, _request, _response, _next) =>
  Promise.reject(new Error("second"));
const ok: Handler = (_request, response) => response.send("ok");

export const expressErrors: readonly ErrorCase[] = [
  {
    title: "nothing if no error occurs",
    register: (app) => app.get("/x", ok),
    request: "GET /x",
    status: 200,
    error: undefined,
  },
  {
    title: "nothing for a 404",
    register: (app) => app.get("/x", ok),
    request: "GET /y",
    status: 404,
    error: undefined,
  },
  {
    title: "an error that is thrown, without an error handler",
    register: (app) => app.get("/x", throwing),
    request: "GET /x",
    status: 500,
    error: "thrown",
  },
  {
    title: "an error passed to next(), without an error handler",
    register: (app) => app.get("/x", (_request, _response, next) => next(new Error("passed"))),
    request: "GET /x",
    status: 500,
    error: "passed",
  },
  {
    title: "an error of a middleware, without a route",
    register: (app) => app.use(throwing),
    request: "GET /x",
    status: 500,
    error: "thrown",
  },
  {
    title: "an error that an error handler answers",
    register: (app) => app.get("/x", throwing).use(answering),
    request: "GET /x",
    status: 503,
    error: "thrown",
  },
  {
    title: "an error in a mounted router, with a handler of the app",
    register: (app, { Router }) => app.use("/a", Router().get("/x", throwing)).use(answering),
    request: "GET /a/x",
    status: 503,
    error: "thrown",
  },
  {
    title: "an error in a mounted app, without an error handler",
    register(app, express) {
      const inner = express();
      inner.get("/x", throwing);
      app.use("/a", inner);
    },
    request: "GET /a/x",
    status: 500,
    error: "thrown",
  },
  {
    title: "an error that passes ordinary middleware",
    register: (app) => app.get("/x", throwing).use(ok).use(answering),
    request: "GET /x",
    status: 503,
    error: "thrown",
  },
  {
    title: "an error with its own status",
    register(app) {
      app.get("/x", (_request, _response, next) => {
        next(Object.assign(new Error("teapot"), { status: 418 }));
      });
    },
    request: "GET /x",
    status: 418,
    error: "teapot",
  },
  {
    title: "the last and the first error if a handler throws another",
    register(app) {
      app.get("/x", throwing).use(rethrowing);
    },
    request: "GET /x",
    status: 500,
    error: "second",
    originalError: "thrown",
  },
  {
    title: "an error once that a handler passes on",
    register(app) {
      app.get("/x", throwing).use(passing).use(answering);
    },
    request: "GET /x",
    status: 503,
    error: "thrown",
  },
  {
    title: "nothing for next('route') and next('router')",
    register(app, { Router }) {
      const router = Router()
        .get("/x", (_request, _response, next) => next("route"))
        .get("/x", (_request, _response, next) => next("router"));
      app.use(router).get("/x", ok);
    },
    request: "GET /x",
    status: 200,
    error: undefined,
  },
  {
    title: "a thrown value that is no Error",
    register: (app) => app.get("/x", (_request, _response, next) => next("a string")),
    request: "GET /x",
    status: 500,
    error: "a string",
  },
  {
    title: "a rejection of an async handler",
    only: 5,
    register: (app) => app.get("/x", () => Promise.reject(new Error("rejected"))),
    request: "GET /x",
    status: 500,
    error: "rejected",
  },
  {
    title: "a rejection of an async error handler",
    only: 5,
    register(app) {
      app.get("/x", throwing).use(rejecting);
    },
    request: "GET /x",
    status: 500,
    error: "second",
    originalError: "thrown",
  },
  {
    title: "an error of a parameter's handler",
    register(app) {
      app.param("id", (_request, _response, next) => next(new Error("unknown id")));
      app.get("/:id", ok);
    },
    request: "GET /1",
    status: 500,
    error: "unknown id",
  },
];
