import type { ServerResponse } from "node:http";
import { type MountedRequest, preloadApi } from "./api.ts";
import { propertyOf } from "./property.ts";

/** Checks of the usual dependencies: `addHealthCheck("database", checks.pg(pool))`. */
export * as checks from "./health/checks/checks.ts";
export type { AmqpConnection, KafkaAdmin } from "./health/checks/brokers.ts";
export type {
  IoredisClient,
  MongoClient,
  Mysql2Client,
  PgClient,
  RedisClient,
} from "./health/checks/databases.ts";
export type { HttpCheckOptions } from "./health/checks/http.ts";
export type { DiskSpaceOptions } from "./health/checks/process.ts";
export type { Target } from "./health/checks/target.ts";

/*
 * The entry `telltale/health`: checks of the usual dependencies, and pages of the admin server on
 * the app's own port, for platforms that probe or scrape one port only. It reaches the preload through the
 * global object, as `index.ts` does.
 */

/** Who may read a page. */
export interface HandlerOptions {
  /** The bearer token that requests must have. */
  readonly token?: string;
  /** Decides on each request, in place of a token. Must not respond itself. */
  readonly authorize?: (request: object) => boolean | Promise<boolean>;
}

/**
 * A request listener of `node:http` and a middleware of Express and Connect. Its
 * arguments are Node's request and response, or those of a framework that extend them.
 */
export type Handler = (request: object, response: object, next?: (error?: unknown) => void) => void;

/**
 * Returns a handler of `/livez`, `/readyz` and `/healthz`, with their checks (`/readyz/database`),
 * below the path where it is mounted; that path itself is `/healthz`:
 *
 *     app.use("/health", healthHandler());
 *
 * Anybody may read these pages, unless the options restrict them. Without the preload
 * each responds with 200, because the process itself responds.
 */
export function healthHandler(options: HandlerOptions = {}): Handler {
  return handlerOf(pagesOf("health", options));
}

/**
 * Returns a handler of `/metrics`, `/summary` and `/endpoints` below the path where it is
 * mounted; that path itself is `/metrics`:
 *
 *     app.use("/metrics", metricsHandler({ token: process.env.METRICS_TOKEN }));
 *
 * It needs `token`, `authorize` or the credentials of the admin server, and responds with
 * 403 without any. Without the preload it calls `next`, or responds with 404.
 */
export function metricsHandler(options: HandlerOptions = {}): Handler {
  return handlerOf(pagesOf("metrics", options));
}

/**
 * A plugin of Fastify with the pages of `healthHandler`:
 *
 *     fastify.register(healthPlugin, { prefix: "/health" });
 */
export function healthPlugin(
  instance: FastifyRoutes,
  options: HandlerOptions,
  done: () => void,
): void {
  const checks = ["/readyz/:check", "/healthz/:check"];
  addRoutes(instance, pagesOf("health", options), [
    "/",
    "/livez",
    "/readyz",
    "/healthz",
    ...checks,
  ]);
  done();
}

/**
 * A plugin of Fastify with the pages of `metricsHandler`:
 *
 *     fastify.register(metricsPlugin, { prefix: "/metrics", token: process.env.METRICS_TOKEN });
 */
export function metricsPlugin(
  instance: FastifyRoutes,
  options: HandlerOptions,
  done: () => void,
): void {
  addRoutes(instance, pagesOf("metrics", options), ["/", "/metrics", "/summary", "/endpoints"]);
  done();
}

/** What the plugins use of a Fastify instance. */
export interface FastifyRoutes {
  route(options: {
    readonly method: ("GET" | "HEAD")[];
    readonly url: string;
    readonly exposeHeadRoute: boolean;
    handler(request: FastifyRequest, reply: FastifyReply): unknown;
  }): unknown;
}

interface FastifyRequest {
  readonly raw: object;
  readonly params?: unknown;
}

interface FastifyReply {
  readonly raw: object;
  hijack(): unknown;
}

/** A handler that also takes the path below the mount path, where the request's URL has another one. */
type PathHandler = (
  request: object,
  response: object,
  next: ((error?: unknown) => void) | undefined,
  path: string | undefined,
) => void;

/** Express takes a function of four parameters for an error handler. */
function handlerOf(handle: PathHandler): Handler {
  return (request, response, next) => handle(request, response, next, undefined);
}

function addRoutes(instance: FastifyRoutes, handle: PathHandler, urls: readonly string[]): void {
  for (const url of urls) {
    instance.route({
      method: ["GET", "HEAD"],
      url,
      exposeHeadRoute: false,
      handler(request, reply) {
        reply.hijack();
        const check = propertyOf(request.params, "check");
        const path =
          typeof check === "string" ? url.replace(":check", () => encodeURIComponent(check)) : url;
        handle(request.raw, reply.raw, undefined, path);
      },
    });
  }
}

/** Responds from the preload; without one, the process itself is all there is to report on. */
function pagesOf(pages: MountedRequest["pages"], options: HandlerOptions): PathHandler {
  const { token, authorize } = validOptions(options);
  return (request, response, next, path) => {
    const servePage = preloadApi()?.servePage;
    if (servePage !== undefined) {
      servePage({ pages, request, response, path, next, token, authorize });
    } else if (pages === "health") {
      reply(response, 200, `{"status":"pass","detail":"${NOT_PRELOADED}"}`);
    } else if (next !== undefined) {
      next();
    } else {
      reply(response, 404, `{"detail":"${NOT_PRELOADED}"}`);
    }
  };
}

const NOT_PRELOADED = "telltale is not preloaded";

/**
 * Returns the options. A token or a function of another type protects nothing: then no
 * request may read the pages.
 */
function validOptions(options: unknown): Pick<MountedRequest, "token" | "authorize"> {
  const token = propertyOf(options, "token");
  const authorize = propertyOf(options, "authorize");
  const isAuthorizer = typeof authorize === "function";
  return {
    token: token === undefined || isAuthorizer ? undefined : typeof token === "string" ? token : "",
    authorize: isAuthorizer ? (authorize as NonNullable<MountedRequest["authorize"]>) : undefined,
  };
}

function reply(response: object, status: number, body: string): void {
  const { headersSent } = response as ServerResponse;
  if (headersSent) return;
  (response as ServerResponse).writeHead(status, { "content-type": "application/json" }).end(body);
}
