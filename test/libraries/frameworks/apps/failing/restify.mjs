import { pipeline } from "node:stream";
import errors from "restify-errors";
import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
import { listening, main } from "../work.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export function serve(libraries) {
  const restify = main(libraries.restify);
  const server = restify.createServer();
  server.get("/throws", (_request, _response, next) => next(fail("throws")));
  server.get("/rejects", async () => {
    await pause();
    throw fail("rejects");
  });
  server.get("/constant", async () => {
    throw CONSTANT;
  });
  server.get("/refused", async () => {
    throw refusal();
  });
  // Restify crashes if an error is passed on after the headers are sent.
  server.get("/stream", async (_request, response) => {
    pipeline(brokenStream(), response, () => {});
  });
  server.get("/endless", async (_request, response) => {
    pipeline(endlessStream(), response, () => {});
  });
  server.get("/destroyed", async (_request, response) => {
    response.write("row");
    await pause();
    response.destroy(fail("destroyed"));
  });
  server.get("/left", async (_request, response) => {
    await left(response);
    throw fail("left");
  });
  addErrorSources(server);
  return listening(server.listen(0, "127.0.0.1") ?? server.server);
}

function addErrorSources(server) {
  for (const [place, handle] of Object.entries(handlers)) {
    // Restify takes a function of two parameters for an asynchronous one.
    server.get(`/${place}/:value`, async ({ params }, response) =>
      handle(params.value, (status) => response.send(status, "sent")),
    );
  }
  server.get("/next/:value", ({ params }, _response, next) => next(thrown(params.value, "next")));
  server.get("/replied/:value", async ({ params }, response) => {
    response.send(thrown(params.value, "replied"));
  });
  server.get("/client/:value", async () => {
    throw new errors.NotFoundError();
  });
  server.on("restifyError", ({ url }, response, _error, done) => {
    if (url.startsWith("/handled/")) response.send(502, "failed");
    done();
  });
}
