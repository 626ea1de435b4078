import { type FrameworkRow, rowsOf } from "../frameworks/row.ts";
import { rows as frameworks } from "../frameworks/rows.ts";
import { rows as nest10 } from "../nest10/rows.ts";
import { rows as nest11 } from "../nest11/rows.ts";
import { Http2Client, HttpClient } from "./http-client.ts";
import type { PlaceName } from "./places.ts";
import type { ErrorSourceRow, SourceApp } from "./row.ts";
import { startApp } from "./run.ts";
import { type SourceGroup, sourcesOf } from "./source-group.ts";

/** A framework whose app, in `frameworks/apps/failing`, throws every value in every place. */
interface FrameworkSourceRow extends Omit<ErrorSourceRow, "app" | "transactionOf"> {
  readonly library: FrameworkRow;
  /** Of all paths of the app. */
  readonly prefix?: string;
  /** Returns the route of a place; undefined if its requests have none. */
  readonly routeOf: (place: PlaceName) => string | undefined;
}

type Options = Pick<ErrorSourceRow, "replacements" | "breaking"> & {
  readonly routeOf?: FrameworkSourceRow["routeOf"];
};

const handlers = { sync: "framework", async: "framework" } as const;
const common = {
  handled: "framework",
  stream: "framework",
  captured: "app",
  timer: "process",
  floating: "process",
  caught: "none",
  client: "none",
} as const;
const withMiddleware = { ...handlers, middleware: "framework", ...common } as const;
const withNext = { ...withMiddleware, next: "framework" } as const;
const inHooks = { ...handlers, hook: "framework", ...common } as const;

const installed = [...frameworks, ...nest10, ...nest11];

/** How an error is reported does not depend on the version of Node. */
function row(
  framework: string,
  [group, name]: readonly [group: string, installed: string],
  reporters: ErrorSourceRow["reporters"],
  { routeOf = routeWith(":value"), ...options }: Options = {},
): FrameworkSourceRow {
  const found = installed.find((one) => one.group === group && one.installed === name);
  if (found === undefined) throw new Error(`${group} has no row of ${name}`);
  const library = { ...found, moduleSystem: "esm", node: "26" } as const;
  return { framework, library, reporters, routeOf, ...options };
}

/** Middleware runs before there is a route. */
function routeWith(parameter: string): FrameworkSourceRow["routeOf"] {
  return (place) => {
    if (place === "middleware") return undefined;
    return place === "stream" ? "/stream" : `/${place}/${parameter}`;
  };
}

/** Node's own servers, which are no library. */
function serverRow(
  framework: string,
  app: "http" | "http2",
  reporters: ErrorSourceRow["reporters"],
): FrameworkSourceRow {
  const [library] = rowsOf("frameworks", [
    {
      library: `node:${app}`,
      installed: `node:${app}`,
      app,
      requestCases: "connect",
      loads: {},
      wildcard: "",
    },
  ]);
  if (library === undefined) throw new Error("no row");
  return { framework, library, reporters, routeOf: () => undefined };
}

/** Node's servers have no error handler, and respond with no other status than 500. */
const bare = without({ ...handlers, ...common }, "handled", "client");

function without(
  reporters: ErrorSourceRow["reporters"],
  ...places: readonly PlaceName[]
): ErrorSourceRow["reporters"] {
  const others = Object.entries(reporters).filter(
    ([place]) => !places.includes(place as PlaceName),
  );
  return Object.fromEntries(others);
}

const unreadable = ["getters", "proxy"];
const fastify = [
  { ...inHooks, next: "framework", replied: "framework" },
  {
    replacements: { hook: { type: "FastifyError", text: "Undefined error has occurred" } },
    breaking: ["proxy"],
  },
] as const;
/** Koa never responds to the first two. It writes to an error, and prints other values as JSON. */
const koa = [
  withMiddleware,
  { breaking: ["null", "undefined", "frozen", "proxy", "bigint"] },
] as const;
/** Hapi writes to an error, and reports `null` and `undefined` by an error of its own. */
const hapi = [
  { ...inHooks, replied: "framework" },
  { routeOf: routeWith("{value}"), breaking: [...unreadable, "frozen", "null", "undefined"] },
] as const;
const nest = {
  ...withMiddleware,
  guard: "framework",
  interceptor: "framework",
  observable: "framework",
  pipe: "framework",
} as const;

const sourceRows: readonly FrameworkSourceRow[] = [
  serverRow("`node:http`", "http", bare),
  serverRow("`node:http2` (streams)", "http2", without(bare, "stream")),
  { ...serverRow("`node:http2` (requests)", "http2", without(bare, "stream")), prefix: "/request" },
  row(
    "Express 4",
    ["frameworks", "express4"],
    { ...withNext, async: "process" },
    { breaking: unreadable },
  ),
  row("Express 5", ["frameworks", "express"], withNext, {
    replacements: { async: { type: "Error", text: "Rejected promise" } },
    breaking: unreadable,
  }),
  row("Fastify 4", ["frameworks", "fastify4"], ...fastify),
  row("Fastify 5", ["frameworks", "fastify"], ...fastify),
  row("Koa 2", ["frameworks", "koa2"], ...koa),
  row("Koa 3", ["frameworks", "koa"], ...koa),
  row("Hapi 20", ["frameworks", "hapi20"], ...hapi),
  row("Hapi 21", ["frameworks", "@hapi/hapi"], ...hapi),
  row("Hono 4", ["frameworks", "hono"], withMiddleware),
  row(
    "Connect 3",
    ["frameworks", "connect"],
    { ...handlers, async: "process", next: "framework", ...common },
    { routeOf: (place) => `/${place}`, breaking: unreadable },
  ),
  row(
    "Restify 12",
    ["frameworks", "restify"],
    { ...handlers, next: "framework", replied: "framework", ...common },
    {
      replacements: {
        next: {
          type: "InternalServerError",
          text: "reached the end of the handler chain without writing a response!",
        },
      },
      // After `next("")` it never responds.
      breaking: [...unreadable, "empty"],
    },
  ),
  row("Nest 10 on Express", ["nest10", "@nestjs/platform-express"], nest, {
    breaking: unreadable,
  }),
  // After a broken stream, this Fastify fails several times more.
  row("Nest 11 on Fastify", ["nest11", "@nestjs/platform-fastify"], without(nest, "stream"), {
    breaking: ["proxy"],
  }),
  row("Nest 12 on Express", ["frameworks", "@nestjs/platform-express"], nest),
  row("Nest 12 on Fastify", ["frameworks", "@nestjs/platform-fastify"], nest, {
    breaking: ["proxy"],
  }),
];

export const frameworkRows: readonly ErrorSourceRow[] = sourceRows.map(
  ({ library, prefix = "", routeOf, ...row }) => ({
    ...row,
    app: appOf(library, prefix),
    transactionOf: (place) => {
      const route = routeOf(place);
      return route === undefined ? undefined : `GET ${route}`;
    },
  }),
);

function appOf(library: FrameworkRow, prefix: string): SourceApp {
  return {
    start: (receiver) => startApp({ ...library, app: `failing/${library.app}` }, receiver),
    connect: (port) => (library.app === "http2" ? new Http2Client(port) : new HttpClient(port)),
    pathOf: (place, value) => (place === "stream" ? "/stream" : `${prefix}/${place}/${value}`),
    isUnanswered: (place, reporter) => place === "async" && reporter === "process",
  };
}

export const sourceGroup: SourceGroup = {
  title: "HTTP servers and frameworks",
  sources: sourcesOf(frameworkRows),
};
