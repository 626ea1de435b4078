import Boom from "@hapi/boom";
import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
import { main } from "../work.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export async function serve(libraries) {
  const Hapi = main(libraries.hapi);
  const server = Hapi.server({ port: 0, host: "127.0.0.1", debug: false });
  const get = (path, handler) => server.route({ method: "GET", path, handler });
  get("/throws", () => {
    throw fail("throws");
  });
  get("/rejects", async () => {
    await pause();
    throw fail("rejects");
  });
  get("/constant", () => {
    throw CONSTANT;
  });
  get("/refused", () => {
    throw Object.assign(refusal(), {
      isBoom: true,
      output: { statusCode: 400, payload: {}, headers: {} },
    });
  });
  get("/stream", (_request, h) => h.response(brokenStream()));
  get("/endless", (_request, h) => h.response(endlessStream()));
  get("/destroyed", async ({ raw: { res } }, h) => {
    res.write("row");
    await pause();
    res.destroy(fail("destroyed"));
    return h.abandon;
  });
  get("/left", async ({ raw: { res } }) => {
    await left(res);
    throw fail("left");
  });
  addErrorSources(server, get);
  await server.start();
  return { port: server.info.port };
}

function addErrorSources(server, get) {
  for (const [place, handle] of Object.entries(handlers)) {
    get(`/${place}/{value}`, ({ params }, h) =>
      handle(params.value, (status) => h.response("sent").code(status)),
    );
  }
  get("/replied/{value}", ({ params }) => thrown(params.value, "replied"));
  get("/client/{value}", () => {
    throw Boom.notFound();
  });
  server.ext("onPreResponse", ({ path, response }, h) =>
    path.startsWith("/handled/") && response.isBoom ? h.response("failed").code(502) : h.continue,
  );
  const method = ({ params }) => {
    throw thrown(params.value, "hook");
  };
  server.route({
    method: "GET",
    path: "/hook/{value}",
    options: { ext: { onPreHandler: { method } } },
    handler: () => "sent",
  });
}
