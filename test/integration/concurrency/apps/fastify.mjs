import { fastify } from "fastify";
import { fail, open } from "./work.mjs";

const app = fastify();
app.post("/tenants/:tenant", (request) => fail(request.params.tenant));
await app.listen({ port: 0, host: "127.0.0.1" });
open(app.server.address().port);
