import { createServer } from "node:http";
import { pipeline } from "node:stream";
import { answerWith, listening, main } from "../work.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export function serve(libraries) {
  const express = main(libraries.express);
  const later = (work) => (request, response, next) => {
    answerWith(next, work(request, response));
  };
  const app = express();
  app.get("/throws", () => {
    throw fail("throws");
  });
  app.get(
    "/rejects",
    later(async () => {
      await pause();
      throw fail("rejects");
    }),
  );
  app.get("/constant", () => {
    throw CONSTANT;
  });
  app.get("/refused", () => {
    throw refusal();
  });
  app.get(
    "/late",
    later(async (_request, response) => {
      response.write("row");
      await pause();
      throw fail("late");
    }),
  );
  app.get("/stream", (_request, response, next) => {
    pipeline(brokenStream(), response, (error) => error && next(error));
  });
  app.get("/endless", (_request, response, next) => {
    pipeline(endlessStream(), response, (error) => error && next(error));
  });
  app.get(
    "/destroyed",
    later(async (_request, response) => {
      response.write("row");
      await pause();
      response.destroy(fail("destroyed"));
    }),
  );
  app.get("/answered", (_request, response) => {
    response.send("all");
    throw fail("answered");
  });
  app.get(
    "/after",
    later(async (_request, response) => {
      response.send("all");
      await pause();
      throw fail("after");
    }),
  );
  app.get(
    "/left",
    later(async (_request, response) => {
      await left(response);
      throw fail("left");
    }),
  );
  app.get(
    "/left-refused",
    later(async (_request, response) => {
      await left(response);
      throw fail("left-refused");
    }),
  );
  app.use("/left-refused", (_error, _request, response, _next) => {
    response.status(400).send("refused");
  });
  return listening(createServer(app).listen(0, "127.0.0.1"));
}
