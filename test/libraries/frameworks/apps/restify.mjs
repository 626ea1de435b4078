import { answer, fail, listening, main, refuse, rejectAt, throwAt } from "./work.mjs";

export function serve(libraries) {
  const restify = main(libraries.restify);
  const server = restify.createServer();
  server.use(async (request) => {
    if (request.url.startsWith("/stopped")) throwAt("before the handler");
  });
  const reply = async (request, response) => response.send(await answer(request.params.id));
  server.get("/users/:id", reply);
  server.head("/users/:id", reply);
  server.get("/users/:id/orders/:order", reply);
  server.get("/api/v1/users/:id/orders/:order", reply);
  server.get("/stopped/:id", reply);
  server.get("/fails/:id", (request, _response, next) => {
    try {
      throwAt(request.params.id);
    } catch (error) {
      next(error);
    }
  });
  server.get("/rejects/:id", async (request) => rejectAt(request.params.id));
  server.get("/swallowed/:id", async (request) => rejectAt(request.params.id));
  server.get("/refused/:id", async (request) => refuse(request.params.id));
  server.get("/files/*", (_request, response, next) => {
    response.send("file");
    next();
  });
  server.post("/tenants/:tenant", async (request) => fail(request.params.tenant));
  server.on("restifyError", (request, response, _error, done) => {
    if (request.url.startsWith("/swallowed")) response.send(500, "sorry");
    done();
  });
  return listening(server.listen(0, "127.0.0.1", 1000) ?? server.server);
}
