import { createServer } from "node:http";
import { answerWith, listening, main } from "../work.mjs";
import { claimsOf, order } from "./identity.mjs";

/** As Passport: the profile of a strategy. */
export function serve(libraries) {
  const express = main(libraries.express);
  const app = express();
  app.use(express.json(), (request, _response, next) => {
    const { sub, email } = claimsOf(request.headers);
    request.user = { id: sub, displayName: "Anna", emails: [{ value: email }], _raw: "secret" };
    next();
  });
  app.post("/orders/:id", (request, _response, next) => answerWith(next, order(request.params.id)));
  return listening(createServer(app).listen(0, "127.0.0.1"));
}
