import { listening, main } from "../work.mjs";
import { claimsOf, order } from "./identity.mjs";

export function serve(libraries) {
  const restify = main(libraries.restify);
  const server = restify.createServer();
  server.use(restify.plugins.bodyParser());
  server.use((request, _response, next) => {
    request.user = claimsOf(request.headers);
    next();
  });
  server.post("/orders/:id", async (request) => order(request.params.id));
  server.listen(0, "127.0.0.1");
  return listening(server.server);
}
