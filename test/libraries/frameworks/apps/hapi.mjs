import { answer, fail, main, refuse, rejectAt, throwAt } from "./work.mjs";

export async function serve(libraries) {
  const Hapi = main(libraries.hapi);
  const server = Hapi.server({ port: 0, host: "127.0.0.1", debug: false });
  server.listener.maxConnections = 1000;
  server.ext("onPreResponse", (request, h) => {
    if (!request.path.startsWith("/swallowed") || !request.response.isBoom) return h.continue;
    return h.response("sorry").code(500);
  });
  server.ext("onPreHandler", (request, h) => {
    if (request.path.startsWith("/stopped")) throwAt("before the handler");
    return h.continue;
  });
  const users = {
    name: "users",
    register(plugin) {
      plugin.route([
        { method: "GET", path: "/users/{id}", handler: ({ params }) => answer(params.id) },
        {
          method: "GET",
          path: "/users/{id}/orders/{order}",
          handler: ({ params }) => answer(params.order),
        },
      ]);
    },
  };
  const api = {
    name: "api",
    async register(plugin) {
      await plugin.register({ ...users, name: "inner" }, { routes: { prefix: "/v1" } });
    },
  };
  await server.register(users);
  await server.register(api, { routes: { prefix: "/api" } });
  server.route([
    { method: "GET", path: "/fails/{id}", handler: ({ params }) => throwAt(params.id) },
    { method: "GET", path: "/rejects/{id}", handler: ({ params }) => rejectAt(params.id) },
    { method: "GET", path: "/swallowed/{id}", handler: ({ params }) => rejectAt(params.id) },
    { method: "GET", path: "/stopped/{id}", handler: ({ params }) => answer(params.id) },
    {
      method: "GET",
      path: "/refused/{id}",
      handler: ({ params }) => {
        try {
          refuse(params.id);
        } catch (error) {
          error.isBoom = true;
          error.output = { statusCode: 400, payload: {}, headers: {} };
          throw error;
        }
      },
    },
    { method: "GET", path: "/files/{path*}", handler: () => "file" },
    { method: "*", path: "/any/{id}", handler: () => "any" },
    { method: "GET", path: "/shared", options: { cors: true }, handler: () => "shared" },
    { method: "POST", path: "/tenants/{tenant}", handler: ({ params }) => fail(params.tenant) },
  ]);
  await server.start();
  return { port: server.info.port };
}
