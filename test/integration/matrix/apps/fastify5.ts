import { fastify, type FastifyInstance } from "fastify";
import type { AddressInfo } from "node:net";
import { type Item, lookUp, open, order } from "./work.ts";

interface ById {
  readonly Params: { readonly id: string };
}

const app: FastifyInstance = fastify();
app.register(
  async (api) => {
    api.get<ById>("/items/:id", (request): Promise<Item> => lookUp(request.params.id));
    api.post<ById>("/orders/:id", async (request) => order(request.params.id));
  },
  { prefix: "/api" },
);
await app.listen({ port: 0, host: "127.0.0.1" });
open((app.server.address() as AddressInfo).port);
