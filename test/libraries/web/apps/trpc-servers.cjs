const { createServer } = require("node:http");
const express = require("express");
const { fastify } = require("fastify");
const { WebSocketServer } = require("ws");
const { failTenant, log, open, report } = require("./work.cjs");

/*
 * One router of each version of tRPC behind its adapters, with telemetry calls only
 * in `work.cjs`. Prints the ports in one line.
 */

exports.serve = async function serve(versions) {
  const ports = {};
  for (const [version, parts] of Object.entries(versions)) {
    const router = routerOf(parts);
    for (const [name, make] of Object.entries({
      standalone,
      express: behindExpress,
      fastify: behindFastify,
    })) {
      const server = await make(parts, router);
      ports[`${version}-${name}`] = await new Promise((resolve) => {
        server.listen(0, "127.0.0.1", 1000, () => resolve(server.address().port));
      });
    }
  }
  open(ports);
};

function routerOf({ initTRPC, TRPCError }) {
  const t = initTRPC.context().create();
  const number = (value) => {
    if (typeof value === "number") return value;
    throw new Error("no number");
  };
  const fail = (make) => () => {
    throw make();
  };
  return t.router({
    orders: t.router({
      byId: t.procedure.input(number).query(({ input }) => {
        log.info("looks");
        return { id: input };
      }),
      list: t.procedure.query(() => []),
      create: t.procedure.mutation(() => "created"),
    }),
    broken: t.procedure.query(fail(() => new RangeError("order is broken"))),
    reported: t.procedure.query(fail(() => new Error("reported by the app"))),
    refused: t.procedure.query(fail(() => new TRPCError({ code: "UNAUTHORIZED" }))),
    unavailable: t.procedure.query(
      fail(() => new TRPCError({ code: "NOT_IMPLEMENTED", message: "closed today" })),
    ),
    tenant: t.procedure.input(number).mutation(({ input }) => failTenant(String(input))),
  });
}

/** Reports errors to Sentry, as some apps do. */
function onError({ error }) {
  if (error.message === "reported by the app") report(error);
}

function standalone({ createHTTPHandler, applyWSSHandler }, router) {
  const server = createServer(createHTTPHandler({ router, onError }));
  applyWSSHandler({ wss: new WebSocketServer({ server, path: "/trpc" }), router });
  return server;
}

function behindExpress({ createExpressMiddleware }, router) {
  const app = express();
  // A call by the app's own code, which handles its error.
  app.get("/inner/:id", async (request, response) => {
    const caller = router.createCaller({});
    const found = await caller.orders.byId(Number(request.params.id));
    await caller.broken().catch(() => {});
    response.json(found);
  });
  app.use("/shops/:shop/trpc", createExpressMiddleware({ router, onError }));
  return createServer(app);
}

async function behindFastify({ fastifyTRPCPlugin }, router) {
  const app = fastify();
  app.register(fastifyTRPCPlugin, { prefix: "/api/trpc", trpcOptions: { router, onError } });
  await app.ready();
  return app.server;
}
