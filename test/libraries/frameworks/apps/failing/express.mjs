import { createServer } from "node:http";
import { pipeline } from "node:stream";
import createError from "http-errors";
import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
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
  addErrorSources(app);
  return listening(createServer(app).listen(0, "127.0.0.1"));
}

function addErrorSources(app) {
  for (const [place, handle] of Object.entries(handlers)) {
    app.get(`/${place}/:value`, ({ params }, response) =>
      handle(params.value, (status) => response.status(status).send("sent")),
    );
  }
  app.use("/middleware/:value", ({ params }) => {
    throw thrown(params.value, "middleware");
  });
  app.get("/next/:value", ({ params }, _response, next) => {
    setImmediate(() => next(thrown(params.value, "next")));
  });
  app.get("/client/:value", () => {
    throw createError(404);
  });
  app.use("/handled", (_error, _request, response, _next) => {
    response.status(502).send("failed");
  });
}
