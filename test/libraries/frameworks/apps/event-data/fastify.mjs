import { main } from "../work.mjs";
import { claimsOf, order } from "./identity.mjs";

/** As @fastify/jwt in an `onRequest` hook. */
export async function serve(libraries) {
  const { fastify } = main(libraries.fastify);
  const app = fastify();
  app.decorateRequest("user", null);
  app.addHook("onRequest", async (request) => {
    request.user = claimsOf(request.headers);
  });
  app.post("/orders/:id", (request) => order(request.params.id));
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: app.server.address().port };
}
