import { handlers, thrown } from "../../../error-sources/apps/thrown.mjs";
import { main } from "../work.mjs";
import { brokenStream, CONSTANT, endlessStream, fail, left, pause, refusal } from "./shapes.mjs";

export async function serve(libraries) {
  const { fastify } = main(libraries.fastify);
  const app = fastify();
  app.get("/throws", () => {
    throw fail("throws");
  });
  app.get("/rejects", async () => {
    await pause();
    throw fail("rejects");
  });
  app.get("/constant", () => {
    throw CONSTANT;
  });
  app.get("/refused", () => {
    throw refusal();
  });
  app.get("/late", async (_request, reply) => {
    reply.hijack();
    reply.raw.write("row");
    await pause();
    setImmediate(() => reply.raw.destroy());
    throw fail("late");
  });
  app.get("/stream", (_request, reply) => {
    reply.send(brokenStream());
  });
  app.get("/endless", (_request, reply) => {
    reply.send(endlessStream());
  });
  app.get("/destroyed", async (_request, reply) => {
    reply.hijack();
    reply.raw.write("row");
    await pause();
    reply.raw.destroy(fail("destroyed"));
  });
  app.get("/answered", (_request, reply) => {
    reply.send("all");
    throw fail("answered");
  });
  app.get("/after", async (_request, reply) => {
    reply.send("all");
    await pause();
    throw fail("after");
  });
  app.get("/left", async (_request, reply) => {
    await left(reply.raw);
    throw fail("left");
  });
  app.route({
    method: "GET",
    url: "/hook",
    onResponse: async () => {
      throw fail("hook");
    },
    handler: async () => "all",
  });
  addErrorSources(app);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: app.server.address().port };
}

function addErrorSources(app) {
  const errorHandler = (_error, _request, reply) => reply.code(502).send("failed");
  for (const [place, handle] of Object.entries(handlers)) {
    const options = place === "handled" ? { errorHandler } : {};
    app.get(`/${place}/:value`, options, ({ params }, reply) =>
      handle(params.value, (status) => reply.code(status).send("sent")),
    );
  }
  const preHandler = async ({ params }) => {
    throw thrown(params.value, "hook");
  };
  app.get("/hook/:value", { preHandler }, async () => "sent");
  const onRequest = ({ params }, _reply, done) => done(thrown(params.value, "next"));
  app.get("/next/:value", { onRequest }, async () => "sent");
  app.get("/replied/:value", ({ params }, reply) => reply.send(thrown(params.value, "replied")));
  const schema = { params: { type: "object", properties: { value: { type: "integer" } } } };
  app.get("/client/:value", { schema }, async () => "sent");
}
