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
  await server.start();
  return { port: server.info.port };
}
