import { main } from "../work.mjs";
import { claimsOf, order } from "./identity.mjs";

export async function serve(libraries) {
  const Hapi = main(libraries.hapi);
  const server = Hapi.server({ port: 0, host: "127.0.0.1", debug: false });
  server.auth.scheme("token", () => ({
    authenticate: (request, h) => h.authenticated({ credentials: claimsOf(request.headers) }),
  }));
  server.auth.strategy("default", "token");
  server.auth.default("default");
  server.route({
    method: "POST",
    path: "/orders/{id}",
    handler: (request) => order(request.params.id),
  });
  await server.start();
  return { port: server.info.port };
}
