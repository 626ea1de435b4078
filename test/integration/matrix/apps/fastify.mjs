import { lookUp, open, order } from "./work.mjs";

export async function serve(fastify) {
  const app = fastify();
  app.register(
    async (api) => {
      api.get("/items/:id", (request) => lookUp(request.params.id));
      api.post("/orders/:id", async (request) => order(request.params.id));
    },
    { prefix: "/api" },
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  open(app.server.address().port);
}
