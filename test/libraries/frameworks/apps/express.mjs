import { createServer } from "node:http";
import { answer, answerWith, fail, listening, main, refuse, rejectAt, throwAt } from "./work.mjs";

export function serve(libraries) {
  const express = main(libraries.express);
  // Express 4 does not support promises.
  const later = (work) => (request, response, next) => {
    answerWith(next, work(request, response));
  };
  const orders = express.Router({ mergeParams: true });
  orders.get(
    "/orders/:order",
    later(async (request, response) => response.json(await answer(request.params.order))),
  );
  const users = express.Router();
  users.use("/:id", orders);
  users
    .route("/:id")
    .get(later(async (request, response) => response.json(await answer(request.params.id))));

  const app = express();
  app.use(function pass(_request, _response, next) {
    next();
  });
  app.use("/users", users);
  const shop = express();
  shop.use("/v1/users", users);
  app.use("/shop", shop);
  app.get("/fails/:id", (request) => throwAt(request.params.id));
  app.get(
    "/rejects/:id",
    later((request) => rejectAt(request.params.id)),
  );
  app.get(
    "/swallowed/:id",
    later((request) => rejectAt(request.params.id)),
  );
  app.get("/refused/:id", (request) => refuse(request.params.id));
  app.get(`/files/${libraries.wildcard}`, (_request, response) => response.send("file"));
  app.all("/any/:id", (_request, response) => response.send("any"));
  app.post(
    "/tenants/:tenant",
    later((request) => fail(request.params.tenant)),
  );
  app.use("/swallowed", (_error, _request, response, _next) => response.status(500).send("sorry"));
  return listening(createServer(app).listen(0, "127.0.0.1", 1000));
}
