import { answer, fail, main, refuse, rejectAt, throwAt } from "./work.mjs";

export async function serve(libraries) {
  const { fastify } = main(libraries.fastify);
  const app = fastify();
  app.addHook("onRequest", async function early(request) {
    if (request.url.startsWith("/stopped")) throwAt("before the handler");
  });
  app.addHook("preHandler", function ready(_request, _reply, done) {
    setImmediate(() => done());
  });
  const users = async (scope) => {
    scope.get("/:id", (request) => answer(request.params.id));
    scope.get("/:id/orders/:order", (request) => answer(request.params.order));
  };
  app.register(users, { prefix: "/users" });
  app.register(
    async (api) => {
      api.register(users, { prefix: "/users" });
      api.get("/", () => "api");
    },
    { prefix: "/api/v1" },
  );
  app.register(
    async (scope) => {
      scope.setErrorHandler((_error, _request, reply) => reply.status(500).send("sorry"));
      scope.get("/:id", (request) => rejectAt(request.params.id));
    },
    { prefix: "/swallowed" },
  );
  app.get("/fails/:id", (request) => throwAt(request.params.id));
  app.get("/rejects/:id", (request) => rejectAt(request.params.id));
  app.get("/stopped/:id", () => "never");
  app.get("/refused/:id", async (request) => refuse(request.params.id));
  app.get("/files/*", () => "file");
  app.all("/any/:id", () => "any");
  app.post("/tenants/:tenant", (request) => fail(request.params.tenant));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: app.server.address().port };
}
