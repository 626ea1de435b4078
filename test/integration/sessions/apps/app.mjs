import events, { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import express from "express";
import Fastify from "fastify";
import { captureException, captureMessage, flush, job } from "telltale";

/*
 * A server of a framework (first argument) whose paths end in different ways. Prints its
 * port, and a line for each request that has arrived at `/hang`.
 */

/** The work of each path; an error that it throws is the framework's. */
const work = {
  ok: () => {},
  handled: () => void captureException(new Error("handled")),
  warning: () => void captureException(new Error("expected"), { level: "warning" }),
  message: () => void captureMessage("a message", "error"),
  thrown: () => {
    throw new Error("thrown");
  },
  rejected: () => Promise.reject(new Error("rejected")),
  "not-found": () => {
    throw Object.assign(new Error("not found"), { status: 404, statusCode: 404 });
  },
  "handled-then-thrown": () => {
    const error = new Error("handled, then thrown");
    captureException(error);
    throw error;
  },
  /** A job is no request; its error is not the request's. */
  job: () => job("cleanup", () => Promise.reject(new Error("in a job")))().catch(() => {}),
  hang: () => {
    console.log("hanging");
    return new Promise(() => {});
  },
  fatal: () => {
    setTimeout(() => {
      throw new Error("fatal");
    }, 1);
    return new Promise(() => {});
  },
  "exit-0": () => process.exit(0),
  "exit-1": () => process.exit(1),
  flush: () => flush(60_000),
};

/** A handler of Node's own servers, which answer a rejection with 500 or abort the response. */
async function handle(request, response) {
  const path = request.url.slice(1);
  if (path === "destroy") {
    (response.stream ?? response).destroy(new Error("destroyed"));
    return;
  }
  if (path === "status-500") response.statusCode = 500;
  try {
    await work[path]?.();
  } catch (error) {
    if (error.status === undefined) throw error;
    response.statusCode = error.status;
  }
  response.end("done");
}

const host = "127.0.0.1";
events.captureRejections = true;
const servers = {
  http: () => http.createServer(handle).listen(0, host),
  http2: () => http2.createServer(handle).listen(0, host),
  express() {
    const app = express();
    app.get("/status-500", (_request, response) => void response.sendStatus(500));
    app.get("/destroy", (_request, response) => void response.destroy(new Error("destroyed")));
    app.get("/:path", async (request, response) => {
      await work[request.params.path]?.();
      response.send("done");
    });
    return app.listen(0, host);
  },
  fastify() {
    const app = Fastify();
    app.get("/status-500", (_request, reply) => reply.code(500).send());
    app.get("/destroy", (_request, reply) => void reply.raw.destroy(new Error("destroyed")));
    app.get("/:path", async (request) => {
      await work[request.params.path]?.();
      return "done";
    });
    void app.listen({ port: 0, host });
    return app.server;
  },
};

const [framework, onSignal] = process.argv.slice(2);
if (process.env.APP_DSN !== undefined) {
  const Sentry = await import("@sentry/core");
  const { ServerRuntimeClient } = await import("@sentry/core/server");
  Sentry.initAndBind(ServerRuntimeClient, {
    dsn: process.env.APP_DSN,
    release: "app@1",
    integrations: [],
    stackParser: () => [],
    transport: () => ({ send: () => Promise.resolve({}), flush: () => Promise.resolve(true) }),
  });
}
const server = servers[framework]();
if (!server.listening) await once(server, "listening");
if (onSignal === "exit") process.on("SIGTERM", () => process.exit(0));
console.log(`port ${server.address().port}`);
