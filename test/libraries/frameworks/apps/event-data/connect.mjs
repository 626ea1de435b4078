import { createServer } from "node:http";
import { answerWith, listening, main } from "../work.mjs";
import { claimsOf, order, readJson } from "./identity.mjs";

/** As express-jwt. */
export function serve(libraries) {
  const app = main(libraries.connect)();
  app.use(async (request, _response, next) => {
    request.auth = claimsOf(request.headers);
    request.body = await readJson(request);
    next();
  });
  app.use("/orders", (request, _response, next) =>
    answerWith(next, order(request.url.slice(1, 3))),
  );
  return listening(createServer(app).listen(0, "127.0.0.1"));
}
