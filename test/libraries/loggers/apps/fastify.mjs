import Fastify from "fastify";

/* Fastify with its own logger, which is pino. */
const app = Fastify({ logger: true });
app.get("/items/:id", async (request) => {
  request.log.info({ item: request.params.id }, "looked up");
  app.log.warn("by app.log");
  return { id: request.params.id };
});
app.get("/broken", async (request) => {
  throw new RangeError(`no item at ${request.url}`);
});
await app.listen({ port: 0, host: "127.0.0.1" });
const { port } = app.server.address();
for (const path of ["/items/1", "/items/2", "/broken"]) {
  await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer();
}
await app.close();
