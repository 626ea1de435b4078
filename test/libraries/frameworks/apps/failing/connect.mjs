import { createServer } from "node:http";
import { pipeline } from "node:stream";
import createError from "http-errors";
import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
import { answerWith, listening, main } from "../work.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export function serve(libraries) {
  const connect = main(libraries.connect);
  const later = (work) => (request, response, next) => {
    answerWith(next, work(request, response));
  };
  const app = connect();
  app.use("/throws", () => {
    throw fail("throws");
  });
  app.use(
    "/rejects",
    later(async () => {
      await pause();
      throw fail("rejects");
    }),
  );
  app.use("/constant", () => {
    throw CONSTANT;
  });
  app.use("/refused", () => {
    throw refusal();
  });
  app.use(
    "/late",
    later(async (_request, response) => {
      response.write("row");
      await pause();
      throw fail("late");
    }),
  );
  app.use("/stream", (_request, response, next) => {
    pipeline(brokenStream(), response, (error) => error && next(error));
  });
  app.use("/endless", (_request, response, next) => {
    pipeline(endlessStream(), response, (error) => error && next(error));
  });
  app.use(
    "/destroyed",
    later(async (_request, response) => {
      response.write("row");
      await pause();
      response.destroy(fail("destroyed"));
    }),
  );
  app.use("/answered", (_request, response) => {
    response.end("all");
    throw fail("answered");
  });
  app.use(
    "/after",
    later(async (_request, response) => {
      response.end("all");
      await pause();
      throw fail("after");
    }),
  );
  app.use(
    "/left",
    later(async (_request, response) => {
      await left(response);
      throw fail("left");
    }),
  );
  addErrorSources(app);
  return listening(createServer(app).listen(0, "127.0.0.1"));
}

function addErrorSources(app) {
  const respond = (response, status, text) => {
    response.statusCode = status;
    response.end(text);
  };
  // Connect removes the mount path from the URL.
  const valueOf = ({ url }) => url.slice(1);
  for (const [place, handle] of Object.entries(handlers)) {
    app.use(`/${place}`, (request, response) =>
      handle(valueOf(request), (status) => respond(response, status, "sent")),
    );
  }
  app.use("/next", (request, _response, next) => {
    setImmediate(() => next(thrown(valueOf(request), "next")));
  });
  app.use("/client", () => {
    throw createError(404);
  });
  app.use("/handled", (_error, _request, response, _next) => respond(response, 502, "failed"));
}
