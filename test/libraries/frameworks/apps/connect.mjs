import { createServer } from "node:http";
import { answer, answerWith, fail, listening, main, throwAt } from "./work.mjs";

export function serve(libraries) {
  const connect = main(libraries.connect);
  const reply = (_request, response) => {
    void answer(1).then((body) => response.end(JSON.stringify(body)));
  };
  const users = connect();
  users.use("/list", reply);
  users.use("/fails", () => throwAt("in a mount"));
  const app = connect();
  app.use((_request, _response, next) => next());
  app.use("/users", (_request, _response, next) => next());
  app.use("/api", connect().use("/v1/", users));
  app.use("/plain", reply);
  app.use("/fails", (request) => throwAt(request.url.slice(1)));
  app.use("/refused", (_request, _response, next) => {
    next(Object.assign(new Error("refused"), { status: 400 }));
  });
  app.use("/tenants", (request, _response, next) => {
    answerWith(next, fail(request.url.slice(1)));
  });
  const sorry = connect();
  sorry.use((_request, _response, next) => next(new Error("failed in a sub-app")));
  sorry.use((_error, _request, response, _next) => {
    response.statusCode = 500;
    response.end("sorry");
  });
  app.use("/swallowed", sorry);
  return listening(createServer(app).listen(0, "127.0.0.1", 1000));
}
